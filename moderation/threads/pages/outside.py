"""What a page says about comments that it does not hold: scripts that load them, and counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from moderation.threads.pages.selectors import exists
from moderation.threads.pages.tree import Page

# system: (elements, part of a script's source or its text)
EXTERNAL: tuple[tuple[str, str, str], ...] = (
    ("disqus", "#disqus_thread", r"\.disqus\.com/embed\.js|disqus_shortname|disqus_config"),
    ("facebook", ".fb-comments, fb:comments", r"fb-comments|fb:comments"),
    (
        "coral",
        "#coral_thread, #coral-container, #coral_talk_stream",
        r"Coral\.createStreamEmbed|coral\.coralproject\.net|assets/js/embed\.js",
    ),
    (
        "openweb",
        "[data-spotim-module], #spotim-specific, [data-spot-id]",
        r"launcher\.spot\.im|recirculation\.spot\.im|spotim-launcher",
    ),
    (
        "viafoura",
        ".viafoura, vf-conversations, .vf-conversations, .vf-comments",
        r"cdn\.viafoura\.net",
    ),
    ("hyvor", "#hyvor-talk-view, hyvor-talk-comments", r"talk\.hyvor\.com"),
    ("commento", "#commento", r"commento\.(?:io|js)|/js/commento"),
    ("isso", "#isso-thread", r"isso\b.*embed(?:\.min|\.dev)?\.js|data-isso"),
    ("remark42", "#remark42", r"remark_config|remark42"),
    ("giscus", ".giscus, giscus-widget", r"giscus\.app/client\.js"),
    ("utterances", ".utterances", r"utteranc\.es/client\.js"),
    ("livefyre", "#livefyre-comments, .livefyre", r"livefyre\.com|fyre\.co"),
    ("intensedebate", "#idc-container, #idc-cover", r"intensedebate\.com"),
    ("discourse", "#discourse-comments", r"DiscourseEmbed|javascripts/embed\.js"),
    ("cusdis", "#cusdis_thread", r"cusdis\.com|cusdis\.es\.js"),
    ("graphcomment", "#graphcomment", r"graphcomment\.com"),
    ("muut", ".muut", r"cdn\.muut\.com"),
    ("vuukle", "#vuukle-comments, .vuukle-comments", r"cdn\.vuukle\.com"),
    ("insticator", "#insticator-commenting, .insticator-commenting", r"insticator"),
    ("cackle", "#mc-container", r"cackle\.me/widget"),
    ("hypercomments", "#hypercomments_widget", r"hypercomments\.com"),
    ("gigya", "#gigya-comments, .gigya-comments, [id^=gig-comments]", r"showCommentsUI"),
    ("jetpack", "#jetpack_remote_comment", ""),
    ("vk", "#vk_comments", r"VK\.Widgets\.Comments"),
    ("waline", "#waline", r"Waline\.init"),
    ("twikoo", "#tcomment, #twikoo", r"twikoo\.init"),
    ("gitalk", "#gitalk-container", r"new Gitalk"),
    ("fastcomments", "#fastcomments-widget", r"fastcomments\.com"),
    ("replybox", "#replybox", r"getreplybox\.com"),
    ("just-comments", ".just-comments", r"just-comments"),
    ("civil", "#civil-comments", r"civilcomments\.com|ccs\.civilcomments"),
    ("pianocomments", "#piano-comments", ""),
    ("kommunity", "[data-ot-comments]", ""),
    ("instagram", "", ""),
)

COUNT = re.compile(
    r"(?i)(?<![\d.,])(\d{1,3}(?:[.,\u202f\xa0 ]\d{3})+|\d{1,6})\s+(?:reader\s+|user\s+|leser)?"
    r"(?:comments?|kommentare?|commentaires?|comentarios?|commenti|commento|coment[áa]rios?|"
    r"reacties?|"
    r"komentarz[ey]?|komentarzy|kommentarer|kommentaria|replies|responses|thoughts|antworten|"
    r"réponses|"
    r"respuestas|risposte|respostas|antwoorden|komment(?:ti[ae]|it)|комментари\w+|коментар\w*|"
    r"yorum|"
    r"komentář\w*|opinions?|notes on|件のコメント|条评论|條評論|comments on)\b"
)
COUNT_AFTER = re.compile(
    r"(?i)^(?:all\s+|alle\s+)?(?:comments?|kommentare|commentaires|comentarios|commenti|"
    r"comentários|"
    r"reacties|komentarze|kommentarer|комментарии|yorumlar|responses|replies|コメント|评论|"
    r"評論)\s*[(:（]\s*(\d{1,6})\s*[)）]?$"
)
_ONE_WORD = re.compile(
    r"(?i)^(?:one|ein|eine|un|une|uno|una|um|uma|en|ett|één)\s+(?:comment|kommentar|"
    r"commentaire|comentario|commento|reply|response|thought|reactie)\b"
)
# "Show the first 20 comments" tells of a part, not of all
_PART = re.compile(
    r"(?i)^\W*(?:show|view|load|see|next|previous|first|last|zeige|weitere|voir|ver)\b"
)
_ATTRIBUTES = (
    "data-comment-count",
    "data-comments-count",
    "data-num-comments",
    "comment-count",
    "data-commentcount",
    "data-total-comments",
    "data-comments",
    "data-reply-count",
)


def external_systems(page: Page) -> list[str]:
    """Systems whose comments a script would load into this page."""
    found = []
    scripts = [
        script.get("src") + " " + page.raw_text(script)[:20_000]
        for script in page.by_tag.get("script", ())[:400]
    ]
    text = "\n".join(scripts)
    for name, elements, pattern in EXTERNAL:
        holder = bool(elements) and exists(page, elements)
        loader = bool(pattern) and re.search(pattern, text) is not None
        if holder or (loader and name not in ("facebook", "coral", "discourse")):
            found.append(name)
    for frame in page.by_tag.get("iframe", ()):
        source = frame.get("src")
        if "facebook.com/plugins/comments" in source and "facebook" not in found:
            found.append("facebook")
        elif "disqus.com/embed/comments" in source and "disqus" not in found:
            found.append("disqus")
    return found


def json_items(page: Page) -> Iterator[dict[str, Any]]:
    """Every object in the page's JSON-LD, outer ones first; broken scripts are passed over."""
    for script in page.by_tag.get("script", ()):
        if "ld+json" not in script.get("type").lower():
            continue
        raw = page.raw_text(script).strip()
        raw = (
            raw.removeprefix("<!--")
            .removesuffix("-->")
            .removeprefix("//<![CDATA[")
            .removesuffix("//]]>")
        )
        try:
            value = json.loads(raw, strict=False)
        except (ValueError, RecursionError):
            continue
        stack: list[Any] = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                yield item
                stack.extend(reversed(list(item.values())))
            elif isinstance(item, list):
                stack.extend(reversed(item))


def declared_count(
    page: Page, near: int | None, taken: Sequence[tuple[int, int]] = ()
) -> int | None:
    """How many comments the page says it has; `near` = index of the first comment, if any.

    A heading or a counter near the comments counts more than JSON-LD, and that more than others.
    """
    shown: list[tuple[int, int]] = []
    inside = 0  # of `taken`, ranges of elements that are comments
    for element in page.elements:
        while inside < len(taken) and taken[inside][1] <= element.index:
            inside += 1
        if inside < len(taken) and taken[inside][0] <= element.index:
            continue
        if element.tag not in (
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "span",
            "div",
            "a",
            "p",
            "strong",
            "button",
            "legend",
            "b",
            "li",
        ):
            continue
        if not 0 < element.last - element.first <= 4:
            continue
        if page.stops[element.last - 1] - page.starts[element.first] > 200:
            continue
        text = element.text
        if len(text) > 120:
            continue
        count = count_in(text)
        if count is None:
            words = " ".join((*element.classes, element.id)).lower()
            if (
                text.isdigit()
                and len(text) <= 6
                and re.search(
                    r"comments?[-_]?(?:count|number|num)|(?:count|num)[-_]?comments?", words
                )
            ):
                count = int(text)
        if count is not None:
            shown.append((element.index, count))
    if near is not None:
        before = [(near - index, count) for index, count in shown if 0 <= near - index <= 150]
        if before:
            return min(before)[1]
    for item in json_items(page):
        value = item.get("commentCount")
        if isinstance(value, int | str) and str(value).isdigit() and len(str(value)) < 9:
            return int(value)
        statistics = item.get("interactionStatistic")
        for one in statistics if isinstance(statistics, list) else [statistics]:
            if isinstance(one, dict) and "Comment" in str(one.get("interactionType", "")):
                number = str(one.get("userInteractionCount", ""))
                if number.isdigit() and len(number) < 9:
                    return int(number)
    for name in _ATTRIBUTES:
        for element in page.by_attribute.get(name, ())[:3]:
            value = element.get(name)
            if value.isdigit() and len(value) < 9:
                return int(value)
    for element in page.by_attribute.get("itemprop", ()):
        if element.get("itemprop") in ("commentCount", "interactionCount"):
            match = re.search(r"\d+", element.get("content") or element.text)
            if (
                match
                and len(match[0]) < 9
                and (
                    element.get("itemprop") == "commentCount" or "omment" in element.get("content")
                )
            ):
                return int(match[0])
    headings = [count for index, count in shown if page.elements[index].tag[0] == "h"]
    return headings[0] if headings else (shown[0][1] if shown else None)


def count_in(text: str) -> int | None:
    """12 in "12 Comments", "Kommentare (12)"; None where no count is."""
    if len(text) > 120 or _PART.match(text):
        return None
    match = COUNT.search(text)
    if match is None:
        match = COUNT_AFTER.search(text)
    if match:
        digits = re.sub(r"\D", "", match[1])
        return int(digits) if digits and len(digits) < 9 else None
    return 1 if _ONE_WORD.search(text) else None
