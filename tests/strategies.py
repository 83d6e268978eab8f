"""Hypothesis strategies for text that people, machines and attackers write."""

from __future__ import annotations

from hypothesis import strategies as st

# What breaks readers of text: surrogates, NUL, controls that mark words inside the package,
# combining marks, right-to-left marks, zero-width characters, emoji sequences, ligatures,
# characters that grow or shrink when folded, every kind of space and line end.
ODD = (
    "\x00", "\x01", "\x02", "\x03", "\x7f", "\x85", "\xa0", "\xad", "\u0130", "\u0131", "\u017f",
    "\u0301", "\u0489", "\u05d0", "\u0627", "\u0e33", "\u200b", "\u200d", "\u200e", "\u200f",
    "\u2028", "\u2029", "\u202e", "\u2066", "\u20dd", "\u2122", "\u24d8", "\u3000", "\u3392",
    "\uac00", "\ufb03", "\ufdfa", "\ufe0f", "\ufeff", "\uffff", "\ud800", "\udfff", "\U0001f1e9",
    "\U0001f3fd", "\U0001f921", "\U0001f92e", "\U0001f468",
    "\U0001d526", "\U000e0041", "\U0010ffff", "а", "о", "і", "с", "ß", "ǆ", "½", "①", "🅰", "●",
)  # fmt: skip
WORDS = (
    "you", "are", "an", "idiot", "i d i o t", "1d10t", "id!ot", "f*ck", "sh!t", "s**t", "moron!!",
    "stuuupid", "IDIOT", "idio", "t", "a", "b", "don't", "it’s", "well-known", "http://a.example/x",
    "me@a.example", "@name", "#youidiot", "3.14", "12,000", "v1.2.3", "...", "?!", "\"so\"", "*",
    "****", "@#$%", "thank", "you.", "kill", "the", "x" * 45, "youareanidiot", "пример", "слово",
    "ｆｕｃｋ", "ⓘⓓⓘⓞⓣ", "kіll", "i.d.i.o.t", "s h i t", "id iot",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea",
)  # fmt: skip

characters = st.one_of(
    st.sampled_from(ODD),
    st.characters(),  # lone surrogates included
    st.sampled_from("abeikotxyz013457.,!?*#@$-_'\"() \t\n\r"),
)
chunks = st.one_of(st.sampled_from(WORDS), st.text(characters, max_size=12))
texts = st.one_of(
    st.text(characters, max_size=40),
    st.lists(chunks, max_size=14).map(" ".join),
    st.lists(chunks, max_size=8).map("".join),
    st.lists(st.tuples(chunks, st.sampled_from([" ", "\n", ". ", "! ", "\t", "\r\n"])), max_size=8)
    .map(lambda pairs: "".join(a + b for a, b in pairs)),
)  # fmt: skip
