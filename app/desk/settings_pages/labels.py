"""Names of the settings of mail and sign-in for people (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from app.common.faces import BilingualLabel

SETTING_LABELS: Mapping[str, BilingualLabel] = {
    "smtp_host": BilingualLabel("Mail server", "邮件服务器"),
    "smtp_port": BilingualLabel("Port of the mail server", "邮件服务器端口"),
    "smtp_tls": BilingualLabel("Encryption", "加密方式"),
    "smtp_user": BilingualLabel("User at the mail server", "邮件服务器用户名"),
    "smtp_password": BilingualLabel("Password at the mail server", "邮件服务器密码"),
    "mail_from": BilingualLabel("Sender of all mails", "发件人地址"),
    "imap_host": BilingualLabel("Mailbox server", "收件服务器"),
    "imap_port": BilingualLabel("Port of the mailbox server", "收件服务器端口"),
    "imap_tls": BilingualLabel("Encryption", "加密方式"),
    "imap_user": BilingualLabel("User of the mailbox", "邮箱用户名"),
    "imap_password": BilingualLabel("Password of the mailbox", "邮箱密码"),
    "imap_folder": BilingualLabel("Folder that is read", "读取的文件夹"),
    "imap_source": BilingualLabel("Source that takes the mails", "接收邮件的来源"),
    "public_url": BilingualLabel("Public address of this service", "本服务的公开地址"),
    "session_hours": BilingualLabel("Hours until a session ends", "登录有效小时数"),
    "oidc_issuer": BilingualLabel("Identity provider", "身份认证服务"),
    "oidc_client_id": BilingualLabel("Client at the provider", "在认证服务中的客户端"),
    "oidc_client_secret": BilingualLabel("Secret of the client", "客户端密钥"),
    "oidc_audience": BilingualLabel("This service in access tokens", "访问令牌中的本服务名称"),
    "oidc_login_claim": BilingualLabel("Claim that identifies a person", "标识人员的声明"),
    "oidc_groups_claim": BilingualLabel("Claim with the groups of a person", "人员所属组的声明"),
    "oidc_scopes": BilingualLabel("Requested scopes", "请求的权限范围"),
    "oidc_adds_people": BilingualLabel("Add unknown people as requesters", "自动添加未知人员为申请人"),
    "scim_login": BilingualLabel("Login in SCIM", "SCIM 中的登录名"),
}
