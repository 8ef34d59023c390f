"""ServiceNow's labels of states, of reasons to wait and of channels in its translations (pure), by the label
in English. Versions differ, so a label may have several translations.
"""

from __future__ import annotations

from collections.abc import Mapping

# fmt: off
GERMAN: Mapping[str, tuple[str, ...]] = {
    "new": ("Neu",),
    "active": ("Aktiv",),
    "in progress": ("In Bearbeitung", "In Arbeit", "Läuft"),
    "on hold": (
        "Angehalten", "In Wartestellung", "In der Warteschleife", "Zurückgestellt", "Wartend", "Warten",
        "Pausiert", "Ausstehend",
    ),
    "awaiting caller": ("Warten auf Anrufer", "Warten auf Melder", "Warten auf Antragsteller"),
    "awaiting user info": (
        "Warten auf Benutzerinfo", "Warten auf Benutzerinformationen", "Warten auf Benutzer",
        "Warten auf Informationen vom Benutzer",
    ),
    "awaiting vendor": (
        "Warten auf Anbieter", "Warten auf Lieferant", "Warten auf Lieferanten", "Warten auf Hersteller",
    ),
    "awaiting problem": ("Warten auf Problem",),
    "awaiting evidence": ("Warten auf Nachweis", "Warten auf Nachweise", "Warten auf Beweise"),
    "awaiting change": ("Warten auf Change", "Warten auf Änderung"),
    "resolved": ("Gelöst", "Behoben"),
    "closed": ("Geschlossen", "Abgeschlossen"),
    "canceled": ("Abgebrochen", "Storniert"),
    "phone": ("Telefon",),
    "email": ("E-Mail",),
    "self-service": ("Selfservice", "Self-Service-Portal"),
    "walk-in": ("Persönlich", "Persönlicher Besuch"),
    "monitoring": ("Überwachung",),
}
FRENCH: Mapping[str, tuple[str, ...]] = {
    "new": ("Nouveau", "Nouvelle"),
    "active": ("Actif", "Active"),
    "in progress": ("En cours", "En cours de traitement", "En traitement", "Travail en cours"),
    "on hold": ("En attente", "Suspendu", "En suspens", "Mis en attente"),
    "awaiting caller": (
        "En attente de l'appelant", "En attente appelant", "En attente du demandeur", "Attente de l'appelant",
    ),
    "awaiting user info": (
        "En attente d'informations de l'utilisateur", "En attente des informations de l'utilisateur",
        "En attente d'informations utilisateur", "En attente de l'utilisateur", "En attente utilisateur",
        "Attente d'informations utilisateur",
    ),
    "awaiting vendor": ("En attente du fournisseur", "En attente d'un fournisseur", "En attente fournisseur"),
    "awaiting problem": ("En attente du problème", "En attente d'un problème", "En attente problème"),
    "awaiting evidence": ("En attente de preuve", "En attente de preuves", "En attente d'éléments"),
    "awaiting change": ("En attente du changement", "En attente d'un changement", "En attente changement"),
    "resolved": ("Résolu", "Résolue"),
    "closed": ("Fermé", "Fermée", "Clos", "Close", "Clôturé", "Clôturée"),
    "canceled": ("Annulé", "Annulée"),
    "phone": ("Téléphone",),
    "email": ("Courriel", "E-mail", "Messagerie"),
    "self-service": ("Libre-service", "Libre service", "En libre-service"),
    "walk-in": ("En personne", "Visite"),
    "monitoring": ("Surveillance", "Supervision"),
}
SPANISH: Mapping[str, tuple[str, ...]] = {
    "new": ("Nuevo", "Nueva"),
    "active": ("Activo", "Activa"),
    "in progress": ("En curso", "En progreso", "En proceso", "Trabajo en curso"),
    "on hold": ("En espera", "Suspendido", "En pausa", "Retenido"),
    "awaiting caller": (
        "A la espera del solicitante", "En espera del solicitante", "Esperando al solicitante",
        "A la espera de la persona que llama", "En espera de la persona que llama",
        "A la espera del autor de la llamada",
    ),
    "awaiting user info": (
        "A la espera de información del usuario", "En espera de información del usuario",
        "Esperando información del usuario", "A la espera del usuario",
    ),
    "awaiting vendor": ("A la espera del proveedor", "En espera del proveedor", "Esperando al proveedor"),
    "awaiting problem": ("A la espera del problema", "En espera del problema", "Esperando problema"),
    "awaiting evidence": (
        "A la espera de pruebas", "En espera de pruebas", "Esperando evidencia", "En espera de evidencia",
    ),
    "awaiting change": ("A la espera del cambio", "En espera del cambio", "Esperando cambio"),
    "resolved": ("Resuelto", "Resuelta", "Solucionado"),
    "closed": ("Cerrado", "Cerrada"),
    "canceled": ("Cancelado", "Cancelada", "Anulado"),
    "phone": ("Teléfono",),
    "email": ("Correo electrónico", "Correo"),
    "self-service": ("Autoservicio",),
    "walk-in": ("En persona", "Presencial"),
    "monitoring": ("Supervisión", "Monitoreo", "Monitorización"),
}
JAPANESE: Mapping[str, tuple[str, ...]] = {
    "new": ("新規", "新規作成"),
    "active": ("アクティブ", "有効"),
    "in progress": ("進行中", "対応中", "作業中", "処理中", "作業進行中"),
    "on hold": ("保留", "保留中", "一時停止"),
    "awaiting caller": (
        "発信者待ち", "発信者待機中", "発信者の待機中", "呼び出し元待ち", "依頼者待ち", "問い合わせ元待ち",
    ),
    "awaiting user info": ("ユーザー情報待ち", "ユーザー情報待機中", "ユーザー情報の待機中", "ユーザー待ち"),
    "awaiting vendor": ("ベンダー待ち", "ベンダー待機中", "ベンダーの待機中"),
    "awaiting problem": ("問題待ち", "問題待機中", "問題の待機中"),
    "awaiting evidence": ("証拠待ち", "証拠の待機中", "エビデンス待ち"),
    "awaiting change": ("変更待ち", "変更待機中", "変更の待機中"),
    "resolved": ("解決済み", "解決済", "解決"),
    "closed": ("クローズ", "クローズ済み", "クローズ済", "終了", "完了"),
    "canceled": ("キャンセル", "キャンセル済み", "キャンセル済", "取り消し", "取消", "取り消し済み"),
    "phone": ("電話",),
    "email": ("メール", "電子メール", "Eメール"),
    "self-service": ("セルフサービス",),
    "walk-in": ("来訪", "ウォークイン"),
    "monitoring": ("監視", "モニタリング"),
}
CHINESE: Mapping[str, tuple[str, ...]] = {
    "new": ("新建", "新", "新增", "新创建", "新建立"),
    "active": ("活动", "活跃", "激活", "有效", "使用中"),
    "in progress": (
        "进行中", "正在进行", "正在进行中", "处理中", "正在处理", "工作进行中", "进行中的工作",
        "進行中", "處理中", "正在處理", "工作進行中",
    ),
    "on hold": ("暂停", "暂挂", "挂起", "搁置", "保留", "等待中", "待定", "暫停", "擱置", "等候中"),
    "awaiting caller": (
        "等待呼叫者", "等待来电者", "等待呼叫方", "等待报告人", "等待申请人", "等待來電者", "等候來電者",
    ),
    "awaiting user info": (
        "等待用户信息", "等待用户", "正在等待用户信息", "等待使用者資訊", "等候使用者資訊",
    ),
    "awaiting vendor": ("等待供应商", "正在等待供应商", "等待厂商", "等待供應商", "等候供應商"),
    "awaiting problem": ("等待问题", "正在等待问题", "等待問題", "等候問題"),
    "awaiting evidence": ("等待证据", "正在等待证据", "等待證據", "等候證據"),
    "awaiting change": ("等待变更", "等待更改", "正在等待变更", "等待變更", "等候變更"),
    "resolved": ("已解决", "解决", "已解決"),
    "closed": ("已关闭", "关闭", "已结束", "已關閉", "關閉", "已結案"),
    "canceled": ("已取消", "取消", "已撤销", "已撤銷"),
    "phone": ("电话", "電話"),
    "email": ("电子邮件", "邮件", "電子郵件"),
    "self-service": ("自助服务", "自助", "自助服務"),
    "walk-in": ("上门", "现场", "親自造訪"),
    "monitoring": ("监控", "監控", "监测"),
}
# fmt: on
TRANSLATIONS = (GERMAN, FRENCH, SPANISH, JAPANESE, CHINESE)
