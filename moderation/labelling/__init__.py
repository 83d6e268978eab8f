"""Hand labels: `threads → blank forms → readings A and B → agreement → decisions`.

    scheme       what one label record is, and what the codebook demands of it alone
    store        the append-only label file: read, append, decisions, texts
    validation   whole files: readings that are missing, unknown comments, changed texts
    forms        blank forms for blind readings, and putting filled forms together
    agreement    Krippendorff's alpha with its interval

The meaning of the labels is in seeds/CODEBOOK.md. Nothing here needs a model or scikit-learn.
"""
