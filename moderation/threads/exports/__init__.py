"""Exports of comment systems: one module a system, all listed in `moderation.threads.READERS`.

    bytes ─ values.py (JSON), elements.py (XML), tables.py (CSV) ─► records of the system
          ─ wxr, disqus, reddit, … ─► items.Item ─ spool.gather_threads ─► Thread, Thread, …

The posting itself (a Reddit submission's or an Ask HN's own text, a Discourse topic's first post)
is a comment of kind "post"; articles on other sites are not taken. Answers to the posting have no
parent. Personal data (e-mail, IP addresses, avatars) is dropped unless it is asked for.
"""
