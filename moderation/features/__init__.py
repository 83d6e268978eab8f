"""Features: texts → blocks of hashed n-grams, with numpy alone; the same code trains and scores.

`blocks` cuts texts into segments and brings together what the others find: `memory` remembers what
chunks hold, `items` the features of words and marks, `sequences` finds n-grams of several words,
`combinations` classes of words that stand in one text however far apart, `repetition` what is said
again and again.
"""
