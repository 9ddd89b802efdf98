"""What `method` says, in the form that experiments need: the same results, tested to be equal."""

from soundreasons.papers.concept_hierarchies.fast.centrality import betweenness
from soundreasons.papers.concept_hierarchies.fast.network import QuickVgg
from soundreasons.papers.concept_hierarchies.fast.probes import fit_probes, probabilities
