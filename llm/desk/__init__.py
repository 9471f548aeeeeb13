"""The desk's own writer: its Transformer, its corpus, its training and its decoding. Importing this loads no torch."""
