"""Reading: text → chunks → words as meant, each with its place in the original.

    text ── chunks ──► what stands between white space, and a hash that names it
         ── memory (features) asks for those that are new ──► `plain`, many at a time, or `lexer`
    lexer ── repairing ──► disguises, spelling, gluing ──► words
    sieve (shapes, letters, signs): which unknown words the slow search need not look at
    context: which of two readings is meant, by the words around

`text` and `words` say what a chunk and a word are, `vocabulary` what is known of words beforehand,
`hashing` names words and their n-grams. Nothing here knows of a model's weights.
"""
