"""The experiments, a module a section of the page.

`asked`: what is asked, and what can be found · `ladder`: the ladder, and what it costs · `learning` and
`fine_tuning`: learning from other clips · `steps`: does each step help, what a rewritten request loses,
words never seen · `shared_words`: where shared words win · `hard_descriptors` · `people`: what people
really ask · `search_box`.
"""
