"""Knowledge articles of the demo, in both languages (data only)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ArticleTemplate:
    """An article about incidents of a category: its author's team and place in it, how many days before the
    end of the history it was published, and title, symptoms and answer by language.
    """

    category: str
    team: str
    author: int
    days_ago: int
    words: dict[str, tuple[str, str, str]]


# fmt: off
ARTICLE_TEMPLATES = (
    ArticleTemplate("access-locked", "service-desk", 3, 350, {
        "en": ("Unlock your account yourself", "After several wrong passwords you cannot sign in any more.",
               "Open the sign-in page, choose “Forgotten” and confirm on your phone."),
        "zh": ("自助解锁账户", "多次输错密码后无法登录。", "打开登录页，选择“忘记密码”，并在手机上确认。")}),
    ArticleTemplate("usage-how-to", "service-desk", 0, 290, {
        "en": ("Take back an entry that was saved too early", "A saved entry can no longer be changed.",
               "Open the entry, choose “Versions” and restore the one before."),
        "zh": ("撤回过早保存的内容", "保存后内容无法修改。", "打开该条目，选择“历史版本”，恢复上一版。")}),
    ArticleTemplate("hardware-printer", "workplace", 1, 220, {
        "en": ("The printer prints blank pages", "The page comes out empty after the toner was changed.",
               "Take the orange strip off the cartridge."),
        "zh": ("打印机打印空白页", "更换硒鼓后打印出来是空白的。", "撕掉硒鼓上的橙色封条。")}),
    ArticleTemplate("network-drops", "network", 0, 150, {
        "en": ("The VPN loses its connection", "The connection is lost every few minutes.",
               "Update the client to the newest version, and choose the entry of your site."),
        "zh": ("VPN 频繁断线", "每隔几分钟连接就会断开。", "将客户端升级到最新版本，并选择所在地的入口。")}),
    ArticleTemplate("access-rights", "service-desk", 4, 60, {
        "en": ("Ask for access to a page", "A page that you need is refused.",
               "Order “Rights in an application” from the catalogue; your head is asked at once."),
        "zh": ("申请页面访问权限", "需要的页面提示没有权限。", "在服务目录中申请“应用权限”，由主管审批。")}),
)
# fmt: on
#: Findings of the editor in the review of an article.
VERDICTS = {"en": "Tried out; it is as written.", "zh": "已验证，内容无误。"}
#: The share of resolved incidents for which their article is used, and of those whose requester has looked
#: into it on a portal before.
USED, LOOKED_BEFORE = 0.35, 0.12
#: The mean number of days between two visits to an article that no incident follows.
DAYS_BETWEEN_VISITS = 9
#: Share of visits without an incident in which the article is opened, and of those in which it helps or does
#: not help.
OPENED, HELPED, NO_HELP = 0.8, 0.4, 0.12
