"""The definitions of `method` where speed needs another form, and what is built on them.

Models as objects on sparse matrices (`recommenders`, `additive`, `factorisation`), explanations of many
recommendations (`exact`, `perturbation`, `people`, `paths`, `words`, `surrogates`; by name in
`explainers`), and eighteen criteria over many users (`pairs`, `criteria`, `changes`). Tested equal to
`method`.
"""
