"""What the build writes for the site: executed chapters, generated tables, roles that cite the ledger."""
