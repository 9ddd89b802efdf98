"""Small listening with two known tastes: even users like the first half of the items, odd ones the other."""

import numpy as np
import pandas as pd
import scipy.sparse as sp

from soundreasons.papers import explainable_recommendation as er

N_USERS, N_ITEMS = 40, 12


def two_tastes(seed=0):
    """Even users pick from the first six items, odd ones from the others, four of them each."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((N_USERS, N_ITEMS))
    for user in range(N_USERS):
        matrix[user, 6 * (user % 2) + rng.choice(6, 4, replace=False)] = 1
    return sp.csr_matrix(matrix)


def context_of(interactions, **options):
    """Tags name the taste (two a taste), friends are of the same taste, facts link items of a taste."""
    n_users, n_items = interactions.shape
    taste = np.arange(n_items) * 2 // n_items
    tags = np.zeros((n_items, 4))
    tags[np.arange(n_items), 2 * taste] = 3
    tags[::2, 1], tags[::3, 3] = 1, 2
    users = np.arange(n_users)
    friends = sp.csr_matrix((users[:, None] % 2 == users % 2) & (users[:, None] != users), dtype=float)
    graph = pd.DataFrame({"item": np.arange(n_items), "relation": "music.artist.origin", "value": taste})
    return er.Context(interactions, sp.csr_matrix(tags), friends, graph, **options)
