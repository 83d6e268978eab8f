"""HTML pages in, one thread each out.

    bytes ─► decoding ─► tree (pieces of text with their places in the source)
          ─► systems (a table) ─► else vocabularies (microdata, RDFa, microformats)
          ─► else generic (repeated records) ─► fields ─► parents ─► Thread

`source` positions count code points of the decoded page: the document's bytes decoded by
`thread.source.encoding`, without a byte order mark. A comment's spans cover pieces of markup text;
unescaped and joined they give its text, but for white space.
"""

from __future__ import annotations

from moderation.threads.pages.reader import PageReader, read_page

__all__ = ["READER", "PageReader", "read_page"]

READER = PageReader()
