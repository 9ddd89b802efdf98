"""What several papers need to learn and to measure: device, seeds, statistics."""
