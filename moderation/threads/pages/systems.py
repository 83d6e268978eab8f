"""The table of known systems: where each puts a comment, its author, date and text.

Adding a system is one entry here and one case in tests/cases/pages. Selectors are the subset in
selectors.py, alternatives in order of preference, looked for inside the record only. A field that
is left empty (or fits fewer than half of the records) is induced as on unknown pages.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """One system.

    - `record`: the element around one comment; `rows`: the record goes on with its siblings.
    - `when`: at least one of these must be on the page ("" = `record` is evidence enough).
    - `author`, `date`, `body`, `drop` (not part of the text), `quote`, `deleted`, `id`, `parent`
      (an attribute with the parent's id), `depth` (an attribute with a number).
    - `skip`: records that are none (a template, the opening post of a question page).
    - `threaded`: False where the system knows no replies, True where
      a record without parent is known to be at the top, None where the page must show it.
    - `titles`: a comment has a title of its own, which is taken with its text.
    - `weight`: below 1 for shared vocabularies, which a system's own entry beats.
    """

    name: str
    record: str
    when: str = ""
    author: str = ""
    date: str = ""
    body: str = ""
    drop: str = ""
    quote: str = ""
    deleted: str = ""
    id: str = ""
    parent: str = ""
    depth: str = ""
    skip: str = ""
    rows: bool = False
    threaded: bool | None = None
    weight: float = 1.0
    titles: bool = False
    least: int = 1


SYSTEMS: tuple[System, ...] = (
    System(
        "wpdiscuz",
        record=".wpd-comment, .wc-comment",
        author=".wpd-comment-author, .wc-comment-author",
        date=".wpd-comment-date@title, .wpd-comment-date, .wc-comment-date",
        body=".wpd-comment-text, .wc-comment-text",
        id=".wpd-comment-right[id], .wc-comment-right@id, .wpd-comment-right@id, :record@id",
        drop=".wpd-comment-footer, .wc-comment-footer",
        depth="",
        threaded=True,
    ),
    System(
        "jetpack-verbum",
        record=".verbum-comment",
        author=".fn",
        body=".comment-content",
        threaded=True,
    ),
    System(
        "blogger",
        record="li.comment[id^=c], .comment-thread li.comment, .comment[id^=bc_], "
        "#comments .comment_inner, .comment_wrap .comment_body_wrap",
        when="#comment-holder, .comment-thread.toplevel-thread, "
        "#Blog1_comments-block-wrapper, .comment-replybox-thread, "
        "[name=generator][content=blogger], .comment_wrap",
        author=".comment-header .user, cite.user, .user, .comment-author, .comment_name, "
        ".author-name",
        date=".datetime a, .datetime, .comment-timestamp a, .comment_service a, .comment-timestamp",
        body=".comment-content, .comment-body, .comment_body",
        drop=".comment-actions, .comment-replies, .deleted-comment-x",
        deleted=".deleted-comment",
        id=":record@id",
        threaded=True,
    ),
    System(
        "wordpress",
        record="li.comment, li.pingback, li.trackback, div.comment.depth-1, .comment.depth-*, "
        "article.comment, .pingback.depth-*, li[id^=li-comment-], li[id^=comment-], "
        "div[id^=comment-].comment, div[id^=comment-].even, div[id^=comment-].odd",
        when=".comment-reply-link, .commentlist, .commentmetadata, .comment-metadata, "
        ".wp-block-comment-template, "
        "[href*=wp-content], [src*=wp-content], [src*=wp-includes], [href*=wp-includes], "
        "[href*=replytocom], "
        "[id^=div-comment-], [id^=li-comment-], .comment-author.vcard, .amp-wp-comments-list, "
        ".commentlist, "
        "[name=generator][content*=WordPress], .even.thread-even",
        author=".comment-author .fn, .comment-author-name, .fn, .wp-block-comment-author-name, "
        ".comment-author .url, .comment_author_name, .comment-author a, .comment-author, "
        ".comment_author, .commentauthor, .comment-name, .author-name, .comment__author-name, "
        ".comment__author, .comments-author, .comment-header .author, cite",
        date=".comment-metadata time, .comment-meta time, time, .comment-date, .comment_date, "
        ".comment-time, .comment-metadata a, .comment-meta a, .commentmetadata a, .comment-meta, "
        ".commentmetadata, .date",
        body=".comment-content, .comment-text .description, .wp-block-comment-content, "
        ".comment_content, .comment-text, "
        ".comment_text, .commenttext, .comment-entry, .comment__content, .comment__text, "
        ".comment-body-content, .comment-body-text, .comment-inner-content, .comment-copy, "
        ".commentContent, .comment-description, .comment-message, .comment-txt, .the-comment-text, "
        ".text-comment, .amp-wp-comment-content, .comment-block__content, .commentary-content, "
        ".comment-text-inner, .comment-wrap-content",
        drop=".comment-reply-link, .reply, .comment-author, .comment-meta, .commentmetadata, "
        ".comment-metadata, .comment-awaiting-moderation, .cld-like-dislike-wrap, .comment-rating, "
        ".sharedaddy, .comment-likes, .comment-like, .says, .edit-link, .comment-edit-link, "
        ".ratingblock, .wp-ulike-comments, .comment-respond, .star-rating, .comment-notes, "
        ".comment-reply, .comment-footer, .comment-actions, .jp-relatedposts, "
        ".heateor_sss_sharing_container, "
        ".comment_reply, .comment-header, .comment-avatar, .wpulike, .comment-time, .comment-date",
        deleted="",
        id=":record[id*=comment-]@id, [id^=comment-]@id, [id^=div-comment-]@id, :record@id",
        threaded=True,
    ),
    System(
        "blogger-classic",
        record="dl#comments-block > dt, #comments-block > dt.comment-author, "
        "dl.comments-block > dt",
        author="a[href*=profile], .comment-author a, dt, :record",
        date=".comment-timestamp a, .comment-timestamp, .comment-footer a",
        body="dd.comment-body, dd.Blog_comment-body, .comment-body",
        deleted=".deleted-comment",
        id="a[name^=c]@name, :record@id, dt@id",
        rows=True,
        threaded=False,
    ),
    System(
        "drupal",
        record="article.comment, div.comment.clearfix, div.comment.comment-new, div.comment.odd, "
        "div.comment.even, div.comment, .ajax-comment-wrapper > .comment, article.js-comment, "
        "[typeof*=Comment], .comment-forum",
        when="[name=Generator][content*=Drupal], [name=generator][content*=Drupal], "
        ".comment-wrapper, "
        "[data-drupal-selector], [typeof*=sioc], .field-name-comment-body, .comment__content, "
        ".field--name-comment-body, [src*=/sites/default/], [src*=/sites/all/], "
        "[href*=/sites/default/files], "
        "[href*=/sites/all/], .indented",
        author=".username, [property*=schema:name], .comment__author, .comment-author, .author, "
        ".submitted a, .author-name, .comment-submitted a, .submitted",
        date="time, .comment__time, [property*=dc:date]@content, [property*=dateCreated]@content, "
        ".comment-date, .submitted, .date, .comment__submitted, .comment-time",
        body=".field--name-comment-body, .field-name-comment-body, .field-comment-body, "
        ".comment__content .field__item, "
        ".comment-body, .comment__content, .content, .comment-content, .comment-text",
        drop=".links, ul.links, .comment__links, .user-signature, .submitted, .comment__submitted, "
        "h3.comment-title, .comment__meta, .new, .permalink, .username, .name",
        quote=".quote_msg, .quote-msg, blockquote, .bb-quote, .quote",
        id=":record@id, :record[about]@about, [data-comment-user-id], a[id^=comment-]@id",
        threaded=True,
    ),
    System(
        "spip",
        record=".comments-ul > li, .comments-li, .comments-items > li, .forum-fil > li, "
        "ul.forum > li, "
        "li.forum-fil, .forum-message, .comments-item, .item-forum",
        author=".comments-author, .forum-auteur, .auteur, .comment-fn, .fn, .spip_auteur, .author",
        date=".comments-date, .forum-date, .date, abbr.published@title, .comment-meta time, "
        "abbr.dtreviewed",
        body=".comments-texte, .comment-content, .forum-texte, .entry-content, .texte, "
        ".forum-message-texte, .description",
        drop=".comments-reply, .comment-reply, .repondre, .forum-repondre, .comments-meta, "
        ".forum-chapo, .comment-meta",
        when=".comments-ul, .comments-li, .comments-items, .forum-fil, ul.forum, "
        ".forum-texte, .comments-texte, .spip",
        id=":record@id, [id^=comment]@id, [id^=forum]@id",
        threaded=True,
    ),
    System(
        "coral",
        record=".coral-comment, [data-testid=comment], .coral-rootComment, .talk-stream-comment, "
        "[class*=CommentContainer][id^=comment-], [id^=comment-].coral",
        when="#coral_thread, .coral, [class*=coral], .talk-stream-comment, #coral-container, "
        ".coral-comment",
        author=".coral-comment-username, .coral-username, .talk-stream-comment-user-name, "
        "[class*=Username]",
        date=".coral-comment-timestamp, .coral-timestamp, time, .talk-comment-timestamp",
        body=".coral-comment-content, .coral-commentContent, .coral-content, "
        ".talk-stream-comment-content, "
        "[class*=HTMLContent], .talk-plugin-rich-text-text",
        id=":record[data-comment-id]@data-comment-id, :record@id",
        deleted=".coral-tombstone, .coral-comment-tombstone, [class*=Tombstone]",
        threaded=True,
    ),
    System(
        "disqus",
        record="li.post, .dsq-comment, [id^=dsq-comment-]",
        when="#dsq-comments, .dsq-comment, .post-message, #post-list.post-list, .post-body .author",
        author=".author.publisher-anchor-color, .post-byline .author, .dsq-commenter-name, "
        ".dsq-comment-header cite, .author",
        date=".time-ago@title, .time-ago, .dsq-comment-header-time, .dsq-comment-footer-time",
        body=".post-message, .dsq-comment-message, .dsq-comment-text, .dsq-comment-body",
        id=":record@id, :record@data-id",
        deleted=".post.minimized .post-deleted, .post-message--deleted",
        drop=".post-media, .see-more",
        threaded=True,
    ),
    System(
        "disqus-noscript",
        record=".d-noscript-comments > .comment",
        author=".comment-author",
        body=".comment-body",
    ),
    System(
        "livefyre",
        record="article.fyre-comment-article, .fyre-comment-article",
        author=".fyre-comment-username",
        date=".fyre-comment-date@datetime, .fyre-comment-date",
        body=".fyre-comment",
        id=":record@data-message-id",
        threaded=True,
    ),
    System(
        "intensedebate",
        record=".idc-c",
        author=".idc-i-name, .idc-c-h-inner a, .idc-c-h a",
        date=".idc-time, .idc-c-h p",
        body=".idc-c-t-inner, .idc-c-t",
        id=":record@id",
        threaded=True,
    ),
    System(
        "isso",
        record=".isso-comment",
        author=".isso-author",
        date=".isso-permalink time, time",
        body=".isso-text, .isso-text-wrapper .text, .text",
        id=":record@id",
        drop=".isso-comment-footer",
        threaded=True,
    ),
    System(
        "commento",
        record=".commento-card, [id^=commento-comment-card-]",
        author=".commento-name",
        date=".commento-timeago@title, .commento-timeago",
        body="[id^=commento-comment-body-], .commento-body",
        id=":record@id",
        threaded=True,
    ),
    System(
        "remark42",
        record="article.comment[id^=remark42__comment-], .comment[id^=remark42]",
        author=".comment__username, .comment-username, .comment__name",
        date=".comment__time, .comment-time",
        body=".comment__text, .comment__content, .raw-content",
        id=":record@id",
        depth="",
        threaded=True,
    ),
    System(
        "cusdis",
        record=".cusdis-comment, #cusdis_thread .comment",
        threaded=True,
    ),
    System(
        "giscus",
        record=".gsc-comment, .gsc-reply",
        author=".gsc-comment-author .font-semibold, .gsc-comment-author-avatar .link-primary, "
        ".gsc-comment-author-avatar, .gsc-reply-author .font-semibold, "
        ".gsc-reply-author-avatar, .gsc-reply-author",
        date="time, relative-time",
        body=".gsc-comment-content, .gsc-reply-content, .markdown",
        threaded=True,
    ),
    System(
        "github",
        record=".timeline-comment, .js-comment-container .timeline-comment-group, "
        ".discussion-comment",
        when=".timeline-comment",
        author=".author, .timeline-comment-header-text .author",
        date="relative-time@datetime, time-ago@datetime, relative-time",
        body=".comment-body, .markdown-body",
        id=".js-comment[id]@id, :record@id",
        threaded=False,
    ),
    System(
        "phpbb3",
        record="div.post[id^=p], .post.bg1, .post.bg2, div.post.bg3, article.post[id^=p]",
        when=".postbody, .postprofile",
        author=".author .username, .author .username-coloured, .postprofile .username, "
        ".postprofile .username-coloured, .author strong, .author a, .postprofile dt a, "
        ".postprofile dt",
        date=".author time, .author, .post-date",
        body=".postbody .content, .content, .postbody > div",
        quote="blockquote",
        deleted=".post-hidden, .deleted",
        id=":record@id",
        threaded=False,
    ),
    System(
        "phpbb2",
        record="table.forumline > tbody > tr, table.forumline > tr, table.tablebg > tbody > "
        "tr, table.tablebg > tr",
        when=".postbody, span.postbody",
        skip="",
        author=".postauthor, span.name b, .name b, .name, b.postauthor",
        date="span.postdetails, .postdetails, .gensmall",
        body="span.postbody, div.postbody, .postbody",
        drop=".signature, span.gensmall",
        id=".name a[name]@name, a[name]@name",
        quote="td.quote, .quotecontent, .quotetitle, blockquote",
        rows=True,
        threaded=False,
    ),
    System(
        "punbb",
        record=".blockpost, div.blockpost, .brdpost, div.post.odd[id^=p], div.postlink-x, "
        "div[id^=p].blockpost",
        when=".postmsg, .entry-content, #punviewtopic",
        author=".postleft dt strong, .post-author .username, .postleft dt, .author .username",
        date="h2 a, .posthead .post-link a, .post-link, h2",
        body=".postmsg, .entry-content",
        drop=".postsignature, .sig-content, .postedit",
        id=":record@id",
        threaded=False,
    ),
    System(
        "vbulletin5",
        record="li.b-post, .b-post.js-post, li[data-node-id].b-post",
        author=".b-userinfo__details .author, .author [itemprop=name], .author a, .author, "
        ".b-post-control__author",
        date="time, .b-post__timestamp",
        body=".js-post__content-text, .b-post__content .OLD__post-content-padding, "
        ".b-post__content",
        quote=".bbcode_quote, .bbcode_container .quote_container",
        drop=".b-post__footer, .post-signature, .signature",
        id=":record@data-node-id",
        threaded=False,
    ),
    System(
        "vbulletin4",
        record="li[id^=post_].postcontainer, li.postbit, li.postbitlegacy, li.postbitim, "
        "li.postcontainer, .postcontainer[id^=post_]",
        when=".postcontent, .postbody, [id^=post_message_]",
        author=".username_container .username, .username_container strong, "
        ".username_container .guest, .userinfo .username, .username",
        date=".postdate .date, .postdate",
        body="blockquote.postcontent, .postcontent, [id^=post_message_]",
        quote=".bbcode_quote, .bbcode_container",
        drop=".signaturecontainer, .after_content",
        id=":record@id",
        threaded=False,
    ),
    System(
        "vbulletin3",
        record="table[id^=post].tborder, table[id^=post], div[id^=edit] > table",
        when="[id^=post_message_], .bigusername",
        skip="table#posts, table[id^=post_], table[id^=postmenu]",
        author=".bigusername, [id^=postmenu_] a, [id^=postmenu_]",
        date="td.thead .normal, td.thead, .thead, .tcat",
        body="[id^=post_message_]",
        drop=".signature",
        quote="[id^=post_message_] table, .quote, blockquote",
        id="[id^=post_message_]@id, :record@id",
        threaded=False,
    ),
    System(
        "xenforo2",
        record="article.message--post, .message.message--post, article.message.js-post, "
        ".comment.js-comment, "
        "article.message--article, .message--conversationMessage",
        when=".message-body, .bbWrapper, .message-userContent, .comment-content",
        author=".message-name .username, .message-name, .message-userDetails .username, "
        ".comment-user, .username, :record@data-author",
        date=".message-attribution time, time.u-dt, time, .message-date",
        body=".message-body .bbWrapper, .message-userContent .bbWrapper, .bbWrapper, "
        ".comment-body, .message-body",
        quote=".bbCodeBlock--quote, blockquote.bbCodeBlock, .bbCodeBlock--quote",
        drop=".message-signature, .js-selectToQuoteEnd, .message-lastEdit",
        id=":record[data-content]@data-content, :record@id",
        skip=".message--quickReply, .js-quickReply",
        threaded=False,
    ),
    System(
        "xenforo1",
        record="li.message[id^=post-], li[id^=post-].message, ol.messageList > li.message, "
        "li.profilePostListItem",
        when=".messageText, .messageContent",
        author=".messageUserBlock .userText .username, .userText .username, .messageUserInfo "
        ".username, a.username.author, .username, :record@data-author",
        date=".messageMeta .DateTime, .datePermalink .DateTime, .DateTime, .datePermalink",
        body="blockquote.messageText, .messageText, .messageContent article",
        quote=".bbCodeQuote, .quoteContainer",
        drop=".messageTextEndMarker, .signature, .baseHtml.signature, .editDate",
        id=":record@id",
        threaded=False,
    ),
    System(
        "discourse-crawler",
        record=".crawler-post, div[itemprop=comment].topic-body, .topic-body.crawler-post, "
        "div.post-wrapper-x, "
        "[itemtype*=DiscussionForumPosting] > [itemprop=comment], "
        "[itemtype*=DiscussionForumPosting] .topic-body",
        when=".crawler-post, .crawler-post-meta, .topic-body.crawler-post, "
        ".post[itemprop=text], .post[itemprop=articleBody], "
        "[name=generator][content*=Discourse]",
        author=".creator [itemprop=name], .creator a, .creator",
        date=".crawler-post-infos time, time.post-time, time, meta[itemprop=datePublished]@content",
        body=".post[itemprop=text], .post[itemprop=articleBody], .post",
        drop=".crawler-linkback-list",
        quote="aside.quote, blockquote",
        id=":record@id, [id^=post_]@id",
    ),
    System(
        "discourse",
        record="article[data-post-id], .topic-post > article, .topic-post",
        when=".cooked, .topic-body .regular, .topic-post",
        author=".topic-meta-data .names .username a, .names .username, .names .first a, "
        ".names a, .topic-meta-data .username",
        date=".post-date .relative-date@title, .relative-date@data-time, .post-date, "
        ".relative-date, time",
        body=".cooked",
        quote="aside.quote, blockquote",
        drop=".cooked-selection-barrier, .post-menu-area, .lightbox .meta, "
        ".badge-notification.clicks",
        id=":record@data-post-id, article@data-post-id",
    ),
    System(
        "stackexchange",
        record="div.answer, li.comment, .answer[data-answerid], tr.comment",
        when=".comment-copy, .s-prose, .post-text, .js-post-body, [id^=answer-]",
        author=".comment-user, .comment-copy-user, .post-signature .user-details [itemprop=name], "
        ".post-signature .user-details a, .user-details a, .user-details",
        date=".comment-date .relativetime-clean@title, .comment-date span@title, "
        ".relativetime-clean@title, "
        ".relativetime@title, time@datetime, .user-action-time",
        body=".comment-copy, .js-post-body, .s-prose, .post-text",
        quote="blockquote",
        drop=".js-post-notice",
        id=":record@data-comment-id, :record@data-answerid, :record@id",
        parent="",
        threaded=True,
    ),
    System(
        "reddit-shreddit",
        record="shreddit-comment",
        author=":record@author",
        date="faceplate-timeago@ts, time@datetime, :record@created-timestamp, :record@created",
        body="[slot=comment], [id$=-comment-rtjson-content], .md",
        id=":record@thingid",
        parent=":record@parentid",
        depth=":record@depth",
        deleted="",
        drop="shreddit-comment-action-row, [slot=actionRow], [slot=commentMeta], "
        "[slot=commentAvatar]",
        threaded=True,
    ),
    System(
        "reddit-old",
        record=".thing.comment, div.comment[data-fullname], .comment.thing",
        when=".usertext-body, .tagline",
        author=".tagline .author, a.author",
        date=".tagline time@datetime, .live-timestamp@datetime, time",
        body=".usertext-body .md, .usertext-body",
        quote="blockquote",
        drop=".flat-list, .report-button",
        deleted=".tagline em",
        id=":record@data-fullname, :record@id",
        threaded=True,
    ),
    System(
        "reddit-2018",
        record=".Comment[class*=t1_], [id^=t1_].Comment",
        author="[href*=/user/], a[href*=/user/]",
        body="[data-testid=comment], .RichTextJSON-root, .md",
        date="[id^=CommentTopMeta--Created], [data-testid=comment_timestamp], a[href*=/comment/]",
        id=":record@id, .Comment@class",
        quote="blockquote",
        threaded=True,
    ),
    System(
        "hackernews",
        record="tr.athing.comtr, tr.comtr",
        author="a.hnuser, .hnuser",
        date=".age@title, .age",
        body=".commtext, .comment",
        drop=".reply, .navs, .votelinks",
        depth="td.ind@indent, td.ind img@width",
        id=":record@id",
        threaded=True,
    ),
    System(
        "lobsters",
        record="li.comments_subtree .comment, div.comment[id^=c_]",
        when=".comment_text, .comments_subtree",
        author=".byline a[href*=/u/], .byline a[href*=/~], .byline a[href*=/users/], .byline a",
        date=".byline span[title]@title, .byline time@datetime, .byline time",
        body=".comment_text",
        id=":record@data-shortid, :record@id",
        threaded=True,
    ),
    System(
        "kinja",
        record="article.reply, .js_reply, article[data-id].js_reply",
        when=".reply-content, .js_replies, .js_replycol",
        author=":record@data-authorname, .display-name .fn, .display-name, .author .fn",
        date=".published-time, .updated-time, time@datetime, .reply-meta time, .js_meta-time, "
        ".meta-time",
        body=".reply-content",
        drop=".js_reply-tools, .reply-tools",
        id=":record@data-id",
        parent=":record@data-parentid",
        threaded=True,
    ),
    System(
        "invision",
        record="article.ipsComment, .ipsComment, div.post_block, .cPost",
        when=".ipsType_richText, .ipsComment_content, .post_body, .entry-content, "
        "[data-role=commentContent]",
        author=".cAuthorPane_author a, .cAuthorPane_author, .ipsComment_author a, "
        ".ipsComment_author, .author, .ipsEntry__author, [itemprop=name]",
        date="time@datetime, time, .published@title, .published",
        body="[data-role=commentContent], .ipsComment_content .ipsType_richText, "
        ".post.entry-content, .entry-content, .ipsType_richText",
        quote=".ipsQuote, blockquote.ipsQuote, blockquote",
        drop=".signature, [data-role=memberSignature], .ipsComment_controls, .ipsItemControls",
        id=":record[id^=elComment_]@id, :record@id, [data-commentid]@data-commentid",
        threaded=False,
    ),
    System(
        "mybb",
        record="div.post[id^=post_], table[id^=post_].tborder, #posts .post",
        when=".post_body, .post_author, .post_content",
        author=".author_information .largetext, .post_author .largetext a, .post_author "
        ".largetext, .author_information a, .post_author a",
        date=".post_date, .post_head .smalltext, .smalltext",
        body=".post_body.scaleimages, .post_body",
        quote="blockquote.mycode_quote, blockquote",
        drop=".signature, .post_meta",
        id=":record@id, [id^=pid]@id",
        threaded=False,
    ),
    System(
        "smf",
        record="#forumposts .windowbg, #forumposts .windowbg2, .post_wrapper, #forumposts "
        "form > div > table > tbody > tr, div[id^=msg].windowbg",
        when="[id^=msg_], .poster, .post .inner",
        author=".poster h4 a, .poster h4, .poster_name, .poster a",
        date=".keyinfo .smalltext a.smalltext, .postinfo .smalltext, .keyinfo .smalltext, "
        ".smalltext",
        body=".inner[id^=msg_], .post .inner, .inner, .post",
        quote=".bbc_standard_quote, .bbc_alternate_quote, blockquote, .quoteheader",
        drop=".signature, .moderatorbar",
        id=".inner@id, [id^=msg_]@id, [id^=subject_]@id, :record@id",
        threaded=False,
    ),
    System(
        "vanilla",
        record="li.ItemComment, .ItemDiscussion, li.Item.Comment, .MessageList .Item, "
        ".Discussion.ItemDiscussion",
        when=".Message, .userContent, .Item-Body",
        author=".Author .Username, a.Username, .Author a, .Author",
        date="time@datetime, .DateCreated time, .DateCreated",
        body=".Message.userContent, .Message, .userContent",
        quote="blockquote, .Quote, .js-quoteEmbed, .embed-quote",
        drop=".Signature, .Reactions, .UserSignature",
        id=":record@id",
        threaded=False,
    ),
    System(
        "woltlab",
        record="article.wbbPost, li > article.message, article.message[data-object-id], "
        "li.comment.jsComment, .commentResponse, .comment[data-object-id]",
        when=".messageText, .messageContent, .commentContent, .htmlContent",
        author=".messageSidebar .username, .messageAuthor .username, .userLink, .username, "
        "[itemprop=name]",
        date="time@datetime, woltlab-core-date-time@date, time.datetime, time",
        body=".messageText, .userMessage, .commentContent .htmlContent, .htmlContent",
        quote="blockquote.quoteBox, .quoteBox, blockquote",
        drop=".messageSignature, .messageFooterNote, .messageFooter",
        id=":record@data-post-id, :record@data-object-id, :record@id",
        threaded=False,
    ),
    System(
        "flarum",
        record=".Post.CommentPost, article.CommentPost, #flarum-content article > div, "
        "noscript .Post",
        when=".Post-body, #flarum-content",
        author=".PostUser-name, .username, .Post-header h3, h3",
        date=".PostMeta time@datetime, time@datetime, time, .Post-header .date",
        body=".Post-body",
        quote="blockquote",
        id=":record@data-id",
        threaded=False,
    ),
    System(
        "nodebb",
        record="li[component=post], [component=post], [data-pid][component*=post]",
        author="[component=post/header] a[href*=/user/], :record@data-username, a[data-uid], "
        "[itemprop=author]",
        date=".timeago@title, [component=post/timestamp], .timeago, "
        "meta[itemprop=datePublished]@content",
        body="[component=post/content], .content[itemprop=text], .content",
        id=":record@data-pid",
        drop="[component=post/signature], .post-signature",
        threaded=False,
    ),
    System(
        "mastodon",
        record=".detailed-status, .status, article .status__wrapper, .entry .status",
        when=".status__content, .display-name",
        author=".display-name__html, .display-name strong, .display-name, .p-author",
        date="time@datetime, .dt-published@datetime, .status__relative-time",
        body=".status__content .e-content, .status__content__text, .status__content, .e-content",
        drop=".status__action-bar, .detailed-status__meta, .status__content__read-more-button",
        id=":record@data-id",
        least=2,
    ),
    System(
        "lemmy",
        record="li.comment, article.comment-node, .comment-node",
        when=".comment-node, .person-listing",
        author=".person-listing, a.person-listing",
        date=".moment-time@data-tippy-content, [data-tippy-content]@data-tippy-content, "
        ".moment-time, time",
        body=".comment-content, .md-div",
        id="[id^=comment-]@id",
        threaded=True,
    ),
    System(
        "facebook",
        record=".fbFeedbackPost, .UFIComment, .UFIRow.UFIComment, .fbComment, li.fbFirstPartyPost",
        author=".profileName, .UFICommentActorName, .actorName",
        date="abbr.livetimestamp@data-utime, .uiLinkSubtle, abbr.timestamp, abbr",
        body=".postText, .UFICommentBody, .postContent, .commentBody",
        threaded=True,
    ),
    System(
        "ghost",
        record="[data-testid=comment-component], .gh-comment",
        author="[data-testid=member-name], .gh-comment-author, h4",
        date="[data-testid=commented-at], time",
        body="[data-testid=comment-content], .gh-comment-content",
        threaded=True,
    ),
    System(
        "substack",
        record=".comment-list-item > .comment, div.comment[id^=comment-], .comment-content, "
        ".comment-list .comment",
        when=".comment-list-container, .comment-list-item, .commenter-name, "
        ".comment-list-collapser",
        author=".commenter-name a, .commenter-name, .profile-hover-card-target a, "
        ".comment-meta a[href*=substack.com]",
        date=".comment-timestamp, .comment-meta a[href*=/comment/]",
        body=".comment-body",
        drop=".comment-actions, .highlighted-actions",
        id="[id^=comment-]@id, :record@id",
        threaded=True,
    ),
    System(
        "medium",
        record=".streamItem--responseCard, .js-responsesList .streamItem, "
        "[data-testid=response], div.response",
        when=".postArticle-content, .postMetaInline, [data-testid=response], .js-responsesList",
        author=".postMetaInline a[data-action=show-user-card], .postMetaInline-authorLockup "
        "a, [data-testid=authorName], a[href*=@]",
        date="time@datetime, time",
        body=".postArticle-content, pre, .section-inner",
        least=1,
    ),
    System(
        "youtube",
        record="ytd-comment-view-model, ytd-comment-renderer, .comment-thread-renderer-x, "
        ".comment-renderer, yt-comment",
        author="#author-text, .comment-author-text, .comment-renderer-header .g-hovercard, h3 a",
        date="#published-time-text, .published-time-text, .comment-renderer-time",
        body="#content-text, .comment-text, .comment-renderer-text-content, .comment-renderer-text",
        drop="#more, #less, .toggle",
        threaded=True,
    ),
    System(
        "typepad",
        record="div.comment[id^=comment-], .comments-body, .comment.comment-even, "
        ".comment.comment-odd",
        when=".comment-footer, .comments-post, .comments-content, .comment-footer-new, "
        ".comment-header",
        author=".comment-footer a, .posted a, .comment-author a, .comment-author .fn, "
        ".vcard.author, .byline a, .comments-post a, .comment-header .author, .comment-footer, "
        ".comments-post",
        date=".comment-permalink, .comment-footer-x, time, abbr.published@title, "
        ".comments-post, .comment-footer, .posted, .byline",
        body=".comment-content, .comment-body, .comments-content, .comment-text",
        id=":record@id, a[id]@id",
        drop=".comment-footer, .comments-post, .posted",
    ),
    System(
        "jcomments",
        record=".comments-list > .even, .comments-list > .odd, .rbox, .comment-box, "
        "div[id^=comment-item-]",
        when="#jc, .jcomments, #comments-list, .comments-list-header",
        author=".comment-author, .author-homepage, .comments-list-author",
        date=".comment-date, time",
        body=".comment-body, .comment-text",
        drop=".comments-buttons, .comments-vote",
        id="[id^=comment-item-]@id, .comment-anchor@id",
        quote="blockquote, .quote",
        threaded=True,
    ),
    System(
        "k2",
        record="ul.itemCommentsList > li, .itemCommentsList > li",
        author=".commentAuthorName",
        date=".commentDate",
        body=".commentText, p",
        drop=".commentToolbar, .commentLink, .commentAuthorName, .commentDate",
        threaded=False,
    ),
    System(
        "komento",
        record=".kmt-item, li.kmt-item, .kt-comment-item, [data-kt-comment-item]",
        author=".kmt-author, .kt-user-name, [data-kt-author], .kmt-author-name",
        date=".kmt-time, time, .kt-comment-date",
        body=".kmt-text, .commentText, .kt-comment-message, .kmt-body",
        id=":record@data-id, :record@id",
        parent=":record@data-parentid",
        depth=":record@data-depth",
        threaded=True,
    ),
    System(
        "squarespace",
        record=".comment-list .comment, .squarespace-comments .comment, .comments-content "
        ".comment, .sqs-comment",
        when=".squarespace-comments, .sqs-comments, .comment-list .comment-header, [id^=comments-]",
        author=".author, .commenter-name, .name",
        date=".comment-date, .date, time, .timestamp",
        body=".comment-body, .comment-content",
        drop=".comment-footer, .comment-actions, .controls",
        threaded=True,
        weight=0.9,
    ),
    System(
        "wix",
        record="[data-hook=comment], [data-hook=comment-card], [data-hook^=post-list-item], "
        "[data-hook=comment-wrapper]",
        author="[data-hook=user-name], [data-hook=profile-name], [data-hook=author-name]",
        date="[data-hook=time-ago], [data-hook=comment-date], time",
        body="[data-hook=comment-content], [data-hook=comment-body], .ricos-viewer, "
        "[data-hook=rcv-block1]",
        threaded=True,
    ),
    System(
        "livejournal",
        record=".b-leaf, .ljcmt_full, .comment-wrap, div[id^=ljcmt], .comment-thread "
        ".comment, .b-leaf-comment, div.entrycomment",
        when=".b-leaf, .ljcmt_full, .ljuser, [id^=ljcmt], .lj-user",
        author=".b-leaf-username .i-ljuser-username, .i-ljuser-username, .ljuser b, .ljuser, "
        ".comment-poster, .poster",
        date=".b-leaf-createdtime, .comment-date, .datetime, abbr.datetime, time",
        body=".b-leaf-article, .comment-text, .comment-content, .comment-body, .text",
        drop=".b-leaf-actions, .comment-actions, .b-leaf-footer, .comment-menu",
        id=":record[data-dtid]@data-dtid, :record@id",
        deleted=".b-leaf-deleted, .comment-deleted",
        threaded=True,
    ),
    System(
        "dreamwidth",
        record=".comment-thread .comment, .dwexpcomment, div[id^=cmt].comment-thread, "
        ".comment[id^=comment-cmt]",
        when=".comment-thread, .dwexpcomment",
        author=".comment-poster .ljuser b, .comment-poster, .poster .ljuser b, .ljuser b",
        date=".datetime, .comment-date",
        body=".comment-content, .comment-text",
        drop=".comment-interaction-links, .comment-title, .footer",
        id=":record@id",
        threaded=True,
    ),
    System(
        "plone",
        record="#commenting .comment, .discussion .comment, .comment.level-0, "
        ".comment.replyTreeLevel0",
        when=".discussion, .commentBody, #commenting, .documentByLine",
        author=".documentByLine a, .commentAuthor, .comment-author, .documentByLine",
        date=".commentDate, .comment-date, .documentByLine .commentDate, .documentByLine",
        body=".commentBody, .comment-body",
        drop=".commentActions, .comment-actions",
        id=":record@id",
        threaded=True,
    ),
    System(
        "typo3-comments",
        record=".tx-comments-comment, .tx_pwcomments .comment, .tx-pwcomments .comment, "
        ".tx_comments .comment, .toctoc-comment, .tx-comments .comment-item, "
        ".tx-t3blog-comment, .tx-blog-comment",
        author=".tx-comments-comment-name, .author, .comment-author, .name",
        date=".tx-comments-comment-date, .date, time",
        body=".tx-comments-comment-content, .tx-comments-content, .comment-text, .message, "
        ".comment-content, .commentText",
    ),
    System(
        "textpattern",
        record=".comments > li, ol.comments-list > li, .comments_wrapper li, div.comment[id^=c0]",
        when="#comments-head, .comments_permlink, .txp-comments, #txpCommentInputForm, "
        "h2#comment, ol.comments",
        author=".comment-name, .comment_name, .name, .comments-name",
        date=".comment-time, .comment_time, .comment-date",
        body=".comment-message, .comments_message, .message, .comment-text",
        least=1,
        weight=0.9,
    ),
    System(
        "serendipity",
        record=".serendipity_comment, article.serendipity_comment, .serendipity_comment_item, "
        "div[id^=serendipity_comment_], li[id^=serendipity_comment_]",
        author=".comment_source_author, .comment_author_self, .serendipity_commentBy, h4 a, "
        ".serendipity_comment_source a, .serendipity_comment_source, .comment-author",
        date="time, .comment_source_date, .serendipity_comment_source a[title], "
        ".serendipity_comment_source",
        body=".serendipity_commentBody, .serendipity_comment_body, .comment_content, "
        ".comment-content",
        drop=".serendipity_comment_source",
        id="[id^=serendipity_comment_]@id, a[id^=c]@id, :record@id",
        threaded=None,
    ),
    System(
        "nucleus",
        record=".itemcomment, .itemcomments .itemcomment",
        author="h3 a, h3, .commentauthor",
        date=".commentinfo, .commentdate",
        body=".commentbody",
    ),
    System(
        "slashdot",
        record="li.comment[id^=tree_], li[id^=tree_]",
        when=".commentBody, [id^=comment_body_]",
        author=".details .by a, .by a, .by",
        date=".otherdetails, .details .date",
        body="[id^=comment_body_], .commentBody",
        drop=".commentSub, .commentsig, .sig",
        id=":record@id",
        threaded=True,
    ),
    System(
        "metafilter",
        record="div.comments",
        when=".comments .smallcopy",
        author=".smallcopy a[href*=/user/], .smallcopy a",
        date=".smallcopy",
        drop=".smallcopy",
        least=2,
    ),
    System(
        "movabletype",
        record=".comment[id^=comment-], .comments-body, div.comment-body",
        when="[content*=Movable]",
        author=".comment-header .author, .byline .fn, .byline, .comment-posted a, .comments-post a",
        date=".byline abbr.published@title, .comment-date, .comments-post, .byline abbr",
        body=".comment-content, .comment-text",
    ),
    System(
        "fark-viafoura",
        record=".vf-comment-container, .vf3-comment, .vf-comment, .vf-conversations-comment",
        author=".vf-comment-author, .vf3-comment__author, .vf-author-name, "
        ".vf3-comment-user-name, [class*=author]",
        date=".vf-comment-date, .vf-date, time, [class*=date]",
        body=".vf-comment-content, .vf3-comment__content, .vf-comment__body, "
        ".vf3-comment-text, [class*=content]",
        threaded=True,
    ),
    System(
        "openweb",
        record="[data-spot-im-class=message-view], .spcv_message-view, .sppre_conversation "
        ".spcv_list-item",
        author="[data-spot-im-class=message-username], .spcv_username",
        date="[data-spot-im-class=message-timestamp], .src-components-Message-index__timestamp",
        body="[data-spot-im-class=message-text], .spcv_message-text",
        threaded=True,
    ),
    System(
        "hyvor",
        record=".ht-comment, .hyvor-talk-comment, hyvor-talk-comment",
        author=".ht-name, .name",
        date=".ht-time, time, .date",
        body=".ht-comment-body, .ht-body, .body",
        threaded=True,
    ),
)

STRUCTURED: tuple[System, ...] = (
    System(
        "schema.org",
        record="[itemtype*=schema.org/Comment], [itemtype*=schema.org/UserComments], "
        "[itemtype*=schema.org/Answer], [itemprop=comment][itemscope], "
        "[itemtype*=schema.org/DiscussionForumPosting], [itemtype*=schema.org/Question]",
        author="[itemprop=author] [itemprop=name], [itemprop=creator] [itemprop=name], "
        "[itemprop=author], [itemprop=creator], [itemprop=name]",
        date="[itemprop=dateCreated]@datetime, [itemprop=datePublished]@datetime, "
        "[itemprop=commentTime]@datetime, "
        "[itemprop=dateCreated]@content, [itemprop=datePublished]@content, "
        "[itemprop=commentTime]@content, "
        "[itemprop=dateCreated], [itemprop=datePublished], [itemprop=commentTime]",
        body="[itemprop=text], [itemprop=commentText], [itemprop=articleBody], "
        "[itemprop=description], [itemprop=reviewBody]",
        titles=True,
        weight=0.8,
    ),
    System(
        "rdfa",
        record="[typeof*=sioc:Post], [typeof*=sioct:Comment], [typeof*=schema:Comment], "
        "[typeof=Comment], [typeof=UserComments], [typeof=Answer]",
        author="[rel*=has_creator] [property*=name], [rel*=sioc:has_creator], "
        "[property=author] [property=name], [property*=author], [property*=creator]",
        date="[property*=date]@content, [property*=date]@datetime, "
        "[property*=created]@content, [property*=date]",
        body="[property*=content:encoded], [property*=text], [property=commentText], "
        "[property*=content]",
        weight=0.8,
    ),
    System(
        "microformats2",
        record=".u-comment.h-cite, .u-comment, .p-comment, .h-cite.u-comment, "
        ".h-cite.comment, .h-entry.p-comment",
        author=".p-author .p-name, .p-author, .h-card .p-name, .h-card",
        date="time.dt-published@datetime, .dt-published@datetime, .dt-published",
        body=".e-content, .p-content, .p-summary, .p-name",
        weight=0.8,
    ),
)
