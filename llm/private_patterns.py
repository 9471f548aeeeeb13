"""Private data that has a form: addresses of mail, web and network, telephones, cards, accounts and national ids, by pattern, check digits and
the words before them. Patterns read a text with its full-width forms made plain, at the same positions. Knows no names and no model.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from llm.check_digits import (
    digits_of,
    is_card,
    is_chinese_id,
    is_cnpj,
    is_cpf,
    is_hong_kong,
    is_iban,
    is_mykad,
    is_nik,
    is_nric,
    is_spanish,
    is_thai,
)
from llm.people_rules import words

_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20, 0x2011: 0x2D, 0x2013: 0x2D, 0x3002: 0x20, 0xA0: 0x20}


def plain(text: str) -> str:
    """Full-width letters, digits and signs as ASCII, code point for code point."""
    return text.translate(_WIDE)


@dataclass(frozen=True)
class Form:
    """A pattern (its group `id`, or all of it) of a type; `near` must stand within `reach` characters before it, `holds` must agree."""

    type: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = lambda _: True
    near: re.Pattern[str] | None = None
    reach: int = 48
    spares_ours: bool = True
    is_thai: bool = False


def found(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, type) in a plain text, in order of precedence, not overlapping."""
    taken = bytearray(len(text))
    is_thai = _THAI_ANY.search(text) is not None
    for form in FORMS:
        if form.is_thai and not is_thai:
            continue
        for match in form.pattern.finditer(text):
            start, end = match.span("id" if "id" in form.pattern.groupindex else 0)
            if any(taken[start:end]) or not form.holds(text[start:end]) or _is_date(text[start:end]):
                continue
            before = text[max(0, start - form.reach) : start]
            if form.near is not None and not form.near.search(before):
                continue
            if form.spares_ours and form.type not in {"EMAIL", "URL", "IP"} and is_ours(text, start):
                continue
            if form.type == "IP" and _is_version(text, start, end):
                continue
            taken[start:end] = b"\x01" * (end - start)
            yield start, end, form.type


_THAI_ANY = re.compile(r"[\u0e00-\u0e7f]")
_DATE = re.compile(r"(?:19|20)\d\d([-/. ])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2(?:19|20)\d\d|(?:19|20)\d{6}")
_DAY_FIRST = re.compile(r"(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)")
_OURS = re.compile(
    r"(?:orders?|tracking|parcel|waybill|consignment|sku|asin|gtin|ean|isbn|item|product|model|listing|merchant|seller|shop|store|ticket|case|invoice|serial|"
    r"batch|lot|claim|customer|contract|report|form|reg(?:istration)?|version|build|(?<![a-z])sn|(?<![a-z])ref(?:erence)?|pedido|rastreio|pesanan|resi|"
    r"订单|单号|运单|物流|快递|商品|货号|条码|条形码|序列号|批次|箱号|店铺|商家|工单|编号|受理号|报案号|合同号|发票号|发票|型号|面单|礼品卡|备用码|回执)"
    r"(?:[ _-]?(?:ids?|numbers?|nos?\.?|codes?|refs?\.?|编号|号码|号|id))?[\s,，]{0,2}(?:is|are|was|为|是)?\s{0,2}[:：#]{0,2}\s{0,2}[A-Z]{0,3}(?:[A-Z0-9-]{5,24}(?:[,，、;] ?| and |和| & | or )){0,5}$",
    re.I,
)


def _is_date(written: str) -> bool:
    """Whether it is a day, or begins with one as instants do."""
    return _DATE.fullmatch(written) is not None or _DAY_FIRST.match(written) is not None


def is_ours(text: str, start: int) -> bool:
    """Whether a number of a plain text stands right behind a word like 'order' or 'tracking number': ours to keep."""
    return _OURS.search(text[max(0, start - 96) : start]) is not None


_VERSION = re.compile(
    r"(?:version|versi[oó]n|versão|versi|vers\.|update|upgrade|firmware|release|build|app|chapter|section|clause|article|size|model|handbook|routing|"
    r"\bv(?![a-z])|版本?|固件|升级|型号|章|节|条款|小程序|เวอร์ชัน|phiên bản|bản)[^\d\n]{0,16}$",
    re.I,
)
_NETWORK = re.compile(
    r"\bips?\b|log(?:ged|in| in)|address|server|host|firewall|block|from|login|access|vpn|router|gateway|subnet|proxy|whitelist|allowlist|masuk|acess|登录|登陆|地址|服务器|来自|来源|防火墙|网|白名单|异地",
    re.I,
)
_MEASURED = re.compile(r"\s?(?:t|kg|g|lbs?|oz|mm|cm|m|ml|l|v|版)\b|\s?版|\s?(?:not found)", re.I)


def _is_version(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 40) : start]
    if ":" in text[start:end]:
        return False
    if _VERSION.search(before) or _MEASURED.match(text, end):
        return True
    small = all(int(part) < 32 for part in re.findall(r"\d+", text[start:end]))
    return small and not _NETWORK.search(before) and not _NETWORK.search(text[end : end + 24])


def _is_ip(written: str) -> bool:
    try:
        ip_address(written)
    except ValueError:
        return False
    return True


def _is_phone(written: str) -> bool:
    digits = digits_of(written)
    return 8 <= len(digits) <= 15 and len(set(digits)) > 2


def _has_digits(least: int) -> Callable[[str], bool]:
    return lambda written: len(digits_of(written)) >= least


_FREE = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9]|[-_][A-Za-z0-9])"
_SEP = r"[ .-]?"
_TLDS = (
    "com net org info biz edu gov io co ai app dev shop store online site xyz top vip club live pro tv cc ly example test mobi name link click win work wang ltd "
    "group love space fun icu tech cloud market sale page blog asia eu uk us ca au nz ie de fr es pt it nl be ch at se no dk fi is pl cz sk hu ro bg gr tr ru ua by "
    "lt lv ee hr si rs cn hk tw mo jp kr sg my id th vn ph kh la mm bn in pk bd lk np ae sa qa kw om il ir eg ng ke gh za tz ug ma tn br mx ar cl pe uy ve me to gg im"
)
_KNOWN_TLDS = frozenset(_TLDS.split())
_WORDS_TOO = frozenset(
    words(
        "in it is at be no to me my by us de so as am im la es id pt top name work love sale page fun live win pro link market store shop group test app co"
    )
)
_URL_TAIL = r"(?:[/?#][\w/?#@!$&*+,;=%~:.\[\]-]{0,2000}(?<![.,;:!?]))?"
_DOMAIN = rf"(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,5}}(?:{'|'.join(sorted(_TLDS.split(), key=len, reverse=True))})(?![\w@-]|\.\w){_URL_TAIL}"


def _is_domain(written: str) -> bool:
    """A bare domain: not a full stop without a blank after it before a short word."""
    host, slash, _ = written.partition("/")
    labels = host.split(".")
    if len(labels[-2]) < 2 or not any(c.isalpha() for c in labels[-2]):
        return bool(slash) and len(labels) > 1
    if labels[-1].casefold() in _WORDS_TOO:
        return bool(slash) or "-" in host or len(labels) > 2 or any(c.isdigit() for c in host)
    return labels[-1].islower() or host.isupper()


_ACCOUNT = re.compile(
    r"bank (?:account|acct)|account|acct|a/c\b|c/c\b|\bclabe\b|\bnuban\b|routing|\baba\b|sort ?code|\bbsb\b|\bifsc\b|\biban\b|payout|beneficiary|rekening|\brek\b|akaun|\bconta\b|ag[êe]ncia|poupan[çc]a|บัญชี|ธนาคาร|"
    r"tài khoản|\bstk\b|账号|帐号|账户|帐户|专户|户头|对公|收款|开户|汇到|打到|转到|打款|汇款|转账|卡号|银行|储蓄|支行|[工农建招中交]行|邮储|信用社|"
    r"\b(?:bca|bri|bni|mandiri|cimb|maybank|rhb|dbs|ocbc|uob|bdo|bpi|metrobank|landbank|vietcombank|vcb|techcombank|bidv|vietinbank|scb|kbank|itaú|itau|bradesco|nubank|caixa)\b",
    re.I,
)
_CARD = re.compile(r"card|visa|master|amex|cart[ãa]o|kartu|kad\b|thẻ|บัตร|卡", re.I)
_ID_WORDS = re.compile(
    r"passport|passaporte|paspor|pasport|hộ chiếu|หนังสือเดินทาง|护照|通行证|身份证|证件|身分证|居民证|居留|national (?:id|insurance)|identity|\bid (?:card|number|no)|social security|\bssn\b|\bitin\b|"
    r"\bein\b|tax(?:payer)? ?(?:id|number|no|code)|\btin\b|\bcpr\b|\bbsn\b|kennitala|\bnik\b|\bktp\b|\bnpwp\b|\bcccd\b|\bcmnd\b|\bcmt\b|mykad|\bnric\b|\bfin\b|\bic\b|aadhaar|\bpan\b|philsys|"
    r"\bumid\b|\bsss\b|\brg\b|\bcpf\b|\bcnpj\b|\bcnh\b|\bnif\b|\bnie\b|\bdni\b|\bcurp\b|\brfc\b|codice fiscale|steuer|\bpesel\b|personnummer|\bnino\b|\bnin\b|\bbvn\b|licen[cs]e|kad pengenalan|"
    r"บัตรประชาชน|ประจำตัว|căn cước|chứng minh|mã số thuế|税号|税务|信用代码|驾照|\bcuit\b|\brut\b|\bahv\b|\bhkid\b|\bcnic\b|emirates id|numéro de sécurité|insee|personal (?:code|number|id)|"
    r"philhealth|pag-?ibig|\bcrn\b|eleitor|\bpis\b|pasep|\bnis\b|medicare|\butr\b|\btfn\b|\bnhs\b|\bvat (?:id|no|number|reg)|ausweis|rijksregister|henkilötunnus|\brrn\b|resident (?:registration|identity)|"
    r"(?:my|his|her|their|personal|government|citizen|resident|foreign|african|israeli|turkish|korean) id\b|my number card|公民身份|身份号|"
    r"cédula|cedula|kimlik|\bnic\b|voter|gstin|\bpps\b|\bppsn\b|\bavs\b|社保[卡号]|医保[卡号]|军官证|士兵证|居住证|出生证|档案编号|识别号",
    re.I,
)
_PASSPORT = re.compile(
    r"回乡证|台胞证|永居|passport|passaporte|paspor|pasport|hộ chiếu|หนังสือเดินทาง|护照|通行证|证件", re.I
)
_CALL = re.compile(
    r"phone|\btel\b|mobile|\bcell?\b|zalo|viber|whatsapp|call|ring\b|text\b|sms|dial|\bfax|hotline|number|contact|reach|\bwa\b|\bhp\b|m-pesa|telepon|telefon|telefone|celular|fone|hubungi|nombor|điện thoại|số|\bsđt|"
    r"โทร|เบอร์|电话|手机|座机|联系|号码|热线|微信|传真|来电|拨|打|短信|支付宝|致电|收件",
    re.I,
)


def _c(pattern: str, flags: int = re.I) -> re.Pattern[str]:
    return re.compile(pattern, flags)


_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SPELT = r"[A-Za-z0-9_+-]{1,40}(?:(?: dot |\.| ?[\[(]dot[\])] ?)[A-Za-z0-9_+-]{1,40}){0,3}"
_SPELT_HOST = r"[A-Za-z0-9-]{1,40}(?:(?: dot |\.| ?[\[(]dot[\])] ?)[A-Za-z0-9-]{2,20}){1,3}"
_THAI = r"[\u0e00-\u0e7f]"
_THAI_WHERE = r"(?:ซอย|ถนน|ถ\.|หมู่|ม\.|ต\.|ตำบล|แขวง|อ\.|อำเภอ|เขต|จ\.|จังหวัด|กรุงเทพ|หมู่บ้าน|คอนโด|อาคาร|ชั้น)"
# In order of precedence: what an earlier one takes, a later one cannot.
FORMS: tuple[Form, ...] = (
    Form("EMAIL", _c(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")),
    Form("EMAIL", _c(r"(?<![A-Za-z0-9_.])[A-Za-z0-9._%+-]{1,64}(?:@|艾特|\((?:@|艾特)\)| @ | 艾特 )[A-Za-z0-9-]{1,63}(?: ?(?:\.|点) ?[A-Za-z0-9-]{2,63}){1,3}"), lambda w: re.split(r"[.点]", w)[-1].strip().casefold() in _KNOWN_TLDS),
    Form("EMAIL", _c(rf"(?<![A-Za-z0-9_]){_SPELT}(?: at | ?[\[(]at[\])] ?|@){_SPELT_HOST}(?![A-Za-z0-9_])"), lambda w: bool(re.search(r"dot", w, re.I))),
    Form("EMAIL", _c(rf"(?<![A-Za-z0-9_])[A-Za-z0-9_.+-]{{1,40}} ?[\[(](?:at|a)[\])] ?{_SPELT_HOST}(?![A-Za-z0-9_])")),
    Form("URL", _c(r"(?:https?|ftp)://[^\x00-\x7f，。；、）”][^\s，。；、）”]{1,200}")),
    Form("URL", _c(r"(?:hxxps?|[a-z]{2,12})://[\w/?#@!$&*+,;=%~:.\[\]-]{1,2000}(?<![.,;:!?])", re.I | re.A)),
    Form("URL", _c(rf"(?<![\w@.-])(?:[a-z0-9-]{{1,63}}(?:\[\.\]|\(\.\)|\[dot\]|\.)){{1,4}}(?<=[\])])(?:{'|'.join(_TLDS.split())})(?![\w-]){_URL_TAIL}", re.I | re.A)),
    Form("URL", _c(r"(?:https?://|www\.)[\w/?#@!$&*+,;=%~:.\[\]-]{1,2000}(?<![.,;:!?])", re.I | re.A)),
    Form("URL", _c(_DOMAIN, re.I | re.A), _is_domain),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}[A-Z]{{2}}\d{{2}}(?:[ -]?[A-Z0-9]{{4}}){{2,7}}(?:[ -]?[A-Z0-9]{{1,3}})?{_END}", 0), is_iban, spares_ours=False),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}[A-Z]{{2}}\d{{2}}(?:[ -]?\d{{2,5}}){{3,7}}{_END}"), is_iban, spares_ours=False),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}{_UUID}{_END}"), near=_c(r"\bpix\b|chave"), reach=60),
    Form("NATIONAL_ID", _c(rf"{_FREE}[1-9]\d{{5}}[ -]?\d{{4}}[ -]?\d{{4}}[ -]?\d{{3}}[\dXx]{_END}"), is_chinese_id, spares_ours=False),
    Form("NATIONAL_ID", _c(rf"{_FREE}[0-9A-Z]{{2}}\d{{6}}[0-9A-Z]{{10}}{_END}"), near=_c(r"税号|信用代码|纳税人|识别号"), reach=24),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{2}}\.?\d{{3}}\.?\d{{3}}/\d{{4}}-?\d{{2}}{_END}"), is_cnpj, spares_ours=False),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{3}}\.\d{{3}}\.\d{{3}}[-/.]\d{{2}}{_END}|{_FREE}\d{{9}}-\d{{2}}{_END}"), is_cpf),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{11}}{_END}"), is_cpf, near=_c(r"\bcpf\b")),
    Form("NATIONAL_ID", _c(rf"{_FREE}(?!000|666|9)\d{{3}}-(?!00)\d{{2}}-(?!0000)\d{{4}}{_END}")),
    Form("NATIONAL_ID", _c(rf"{_FREE}[STFGM]\d{{7}}[A-Z]{_END}"), is_nric),
    Form("NATIONAL_ID", _c(rf"{_FREE}[A-Z]{{1,2}}\d{{6}} ?\([\dA]\)"), lambda w: is_hong_kong(w.replace(" ", ""))),
    Form("NATIONAL_ID", _c(rf"{_FREE}[XYZ]-?\d{{7}}-?[A-Z]{_END}"), is_spanish),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{8}}-?[A-HJ-NP-TV-Z]{_END}"), is_spanish),
    Form("NATIONAL_ID", _c(rf"{_FREE}[A-Z]{{6}}\d{{2}}[A-EHLMPRST]\d{{2}}[A-Z]\d{{3}}[A-Z]{_END}"), spares_ours=False),
    Form("NATIONAL_ID", _c(rf"{_FREE}[A-Z]{{3}}[ABCFGHLJPT][A-Z]\d{{4}}[A-Z]{_END}", 0)),
    Form("NATIONAL_ID", _c(rf"{_FREE}[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{{2}} ?\d{{2}} ?\d{{2}} ?[A-D]{_END}", 0)),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{6}}-\d{{2}}-\d{{4}}{_END}"), is_mykad),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d[ -]\d{{4}}[ -]\d{{5}}[ -]\d{{2}}[ -]\d{_END}"), spares_ours=False),
    Form("NATIONAL_ID", _c(rf"{_FREE}784-?(?:19|20)\d\d-?\d{{7}}-?\d{_END}")),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{5}}-\d{{7}}-\d{_END}")),
    Form("NATIONAL_ID", _c(rf"{_FREE}(?=[A-Z]*\d)(?:[A-Z0-9]){{7,18}}{_END}", 0), _has_digits(5), near=_c(r"(?:licen[cs]e|ausweis|gstin|curp|id card|[军驾居]\S{0,4}证)[^\n]{0,12}$")),
    Form("NATIONAL_ID", _c(rf"{_FREE}[A-Z]?\d{{8,12}}{_END}"), near=_c(r"(?:证明?|档案)编号[：: ]{0,2}$"), spares_ours=False),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{6}}-?\d{{3}}[A-Z]{_END}|{_FREE}\d{{6}}-\d{{7}}{_END}|{_FREE}\d{{2}}\.\d{{2}}\.\d{{2}}-\d{{3}}\.\d{{2}}{_END}"), near=_ID_WORDS, reach=32),
    Form("NATIONAL_ID", _c(r"[\u3400-\u9fff]字第\d{6,9}号"), near=_c(r"[军士]\S{0,2}证"), reach=12),
    Form("NATIONAL_ID", _c(r"(?<![0-9A-Za-z])\d{7}\(\d\)"), near=_c(r"澳门|macau|bir\b"), reach=16),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{13}}{_END}"), is_thai, near=_ID_WORDS),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{16}}{_END}"), is_nik, near=_c(r"\bnik\b|\bktp\b|kartu keluarga|\bkk\b|identitas")),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{4}}[ -]\d{{4}}[ -]\d{{4}}(?:[ -]\d{{4}})?{_END}"), near=_c(r"aadhaar|aadhar|philsys|national id|\bphilid\b|\bpcn\b"), reach=32),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{2}} ?\d{{2}} ?\d{{2}} ?\d{{2}} ?\d{{3}} ?\d{{3}} ?\d{{2}}{_END}"), near=_c(r"sécu|insee|nir\b|social security|社保"), reach=32),
    Form("CARD", _c(rf"{_FREE}\d(?:[ -]?\d){{12,18}}{_END}"), lambda w: is_card(w) and digits_of(w)[0] != "9"),
    Form("CARD", _c(rf"{_FREE}9\d(?:[ -]?\d){{11,17}}{_END}"), is_card, near=_CARD),
    Form("NATIONAL_ID", _c(rf"{_FREE}[A-Z]{{1,3}} ?\d{{6,10}}[A-Z]?{_END}"), near=_PASSPORT, reach=64),
    Form("NATIONAL_ID", _c(rf"{_FREE}(?=[A-Z0-9]{{0,6}}\d)[A-Z0-9]{{8,10}}{_END}", 0), _has_digits(5), near=_PASSPORT, reach=24),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{2}} ?\d{{7}}{_END}"), near=_PASSPORT, reach=32),
    Form("NATIONAL_ID", _c(rf"(?:(?<![A-Za-z])(?:nik|ktp|npwp|sin|tfn|utr|nhs|pps|ppsn|gstin|rut|cuit|rrn|cnh|pis|philhealth|sss|umid|vat|avs|cédula|kimlik|nic|cccd|cmnd|ssn|itin|ein|tin|cpr|bsn|kennitala|mykad|nric|aadhaar|rg|nif|nie|dni|pesel|nino|nin|bvn|curp|rfc|cnic|pan)(?: (?:number|no\.?|of mine|saya|tôi|của tôi|card|id))?|tax (?:id|number|code)|national id(?: (?:number|no\.?))?|social security(?: number)?|id card(?: number)?|税号|证件号?码?|驾照号?码?|บัตรประชาชน|căn cước|mã số thuế|driver'?s? licen[cs]e(?: (?:number|no\.?))?)(?![A-Za-z])[\s:：#,，（(]{{0,3}}(?:is|are|là|é|为|是|no\.?|number)?[\s:：]{{0,2}}(?P<id>(?=[A-Z]{{0,4}}[-.]?\d)[A-Z0-9](?:[ ./-]?(?:\d|(?<! )[A-Z])){{5,19}}){_END}"), _has_digits(5), spares_ours=False),
    Form("NATIONAL_ID", _c(rf"{_FREE}0\d{{11}}{_END}"), near=_c(r"cccd|căn cước|cmnd|chứng minh|越南"), reach=32),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{3}}-\d{{3}}-\d{{3}}(?:-\d{{3}})?{_END}"), near=_c(r"\btin\b|tax"), reach=40),
    Form("NATIONAL_ID", _c(rf"{_FREE}\d{{6}}[-+ ]\d{{4}}{_END}"), is_mykad, near=_c(r"\bcpr\b|kennitala|personnummer|personal|identity"), reach=40),
    Form("ADDRESS", _c(rf"(?:เลขที่ ?|บ้านเลขที่ ?)?(?<![\d/-])\d{{1,4}}(?:/\d{{1,4}})? {{0,2}}{_THAI_WHERE}(?:{_THAI}|[\d ./-]|,){{3,120}}(?<![\d])\d{{5}}(?!\d)"), is_thai=True),
    Form("ADDRESS", _c(rf"(?:เลขที่ ?|บ้านเลขที่ ?)?(?<![\d/-])\d{{1,4}}(?:/\d{{1,4}})? {{0,2}}{_THAI_WHERE}(?:{_THAI}|[\d./-]| (?={_THAI_WHERE}|\d)){{3,90}}{_THAI}"), is_thai=True),
    Form("PERSON", _c(rf"(?:ดิฉัน|ชื่อบัญชี|ชื่อ|คุณ|นางสาว|นาง|นาย|ผู้รับ|ผู้ซื้อ|ลูกค้า|บัญชีของ)(?: ?(?:คือ|ว่า|คุณ|นางสาว|นาย))?[ :]{{0,2}}(?P<id>{_THAI}{{2,20}} {_THAI}{{3,24}})(?=$|[^\u0e00-\u0e7f])"), is_thai=True),
    Form("NATIONAL_ID", _c(rf"(?<!\+){_FREE}[A-Z]{{0,3}}\d(?:[ ./-]?\d){{5,16}}-?[A-Z]?{_END}", 0), lambda w: not re.fullmatch(r"\d{3}\.\d{3}\.\d{3}-\d{2}", w), near=_ID_WORDS, reach=30),
    Form("IP", _c(r"(?<![A-Za-z0-9_:])(?:[0-9A-Fa-f]{0,4}:){2,6}\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9_-]|\.\d)"), _is_ip),
    Form("IP", _c(r"(?<![A-Za-z0-9_.-])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9_-]|\.\d)"), _is_ip),
    Form("IP", _c(r"(?<![A-Za-z0-9_.-])\d{1,3}(?:\[\.\]\d{1,3}){3}(?![A-Za-z0-9_-])"), lambda w: _is_ip(w.replace("[.]", "."))),
    Form("IP", _c(r"(?<![A-Za-z0-9_:])(?=[0-9A-Fa-f:]*[0-9A-Fa-f])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![A-Za-z0-9_:])"), lambda w: len(w) > 5 and _is_ip(w)),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}[a-z]{{2}}\d{{2}}[a-z0-9]{{11,30}}{_END}"), is_iban, spares_ours=False),
    Form("PHONE", _c(rf"{_FREE}1[3-9]\d{{9}}{_END}"), near=_c(r"(?:手机号?码?|电话|微信号?)[：: 是为]{0,2}$"), reach=8),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}\d(?:[ -]?\d){{7,21}}{_END}"), near=_c(r"(?:accounts?|acct|rekening|akaun|conta|บัญชี|tài khoản|\bstk|nuban|clabe|[账帐][号户])[^\d\n]{0,20}$")),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}\d{{2}}-\d{{2}}-\d{{2}}{_END}"), near=_c(r"sort ?code|\bsc\b"), reach=24),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}\d{{3}}-\d{{3}}{_END}"), near=_c(r"\bbsb\b"), reach=12),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}[A-Z]{{2}}\d{{2}}(?:[ -]?[A-Z0-9]{{2,4}}){{3,8}}{_END}", 0), _has_digits(8), near=_c(r"iban"), reach=24),
    Form("BANK_ACCOUNT", _c(r"(?:sort ?code|routing(?: number)?|\baba\b|\bbsb\b|\bifsc\b|ag[êe]ncia|\bag\.|branch (?:number|no\.?|code)|transit|institution|联行号|行号)[\s:：#]{0,3}(?:is|为|是|no\.?|number)?[\s:：]{0,2}(?P<id>[A-Z]{4}0[A-Z0-9]{6}|\d(?:[ -]?\d){2,11}(?:-[\dX])?)(?![A-Za-z0-9])"), _has_digits(3)),
    Form("BANK_ACCOUNT", _c(r"(?:account(?: (?:number|no\.?))?|acct\.?(?: (?:number|no\.?))?|a/c|c/c|conta(?: corrente| poupança)?|rekening|rek\.?|akaun|账[号户]|帐[号户]|专户|卡号)[\s:：#]{0,3}(?:is|为|是|no\.?)?\s{0,2}(?P<id>\d(?:[ -]?\d){5,23}(?:-[\dX])?)(?![A-Za-z0-9])"), _has_digits(6), spares_ours=False),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_+])\+\(?\d{{1,4}}\)?{_SEP}(?:\(\d{{1,4}}\){_SEP})?\d{{1,5}}(?:{_SEP}\d{{1,5}}){{1,5}}(?:x\d{{1,5}})?(?!\d)"), _is_phone, spares_ours=False),
    Form("PHONE", _c(rf"{_FREE}(?:(?:0086|\(?\+?86\)?){_SEP})?1[3-9]\d(?:{_SEP}\d{{4}}{_SEP}\d{{4}}|{_SEP}\d{{3}}{_SEP}\d{{5}}|\d{_SEP}\d{{3}}{_SEP}\d{{4}}){_END}"), _is_phone),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_(])\(\+?\d{{2,5}}\)[ .-]?\d{{2,5}}(?:[ .-]?\d{{2,5}}){{1,3}}(?:x\d{{1,5}})?{_END}"), _is_phone),
    Form("BANK_ACCOUNT", _c(rf"{_FREE}\d(?:[ -]?\d){{7,21}}{_END}"), lambda w: _has_digits(8)(w) and not re.match(r"1[3-9]\d{9}$|0\d{9,10}$", digits_of(w)), near=_ACCOUNT, reach=40),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_.-])(?:0{{0,2}}1[-. ])?\d{{3}}[-. ]\d{{3}}[-. ]\d{{4}}(?: ?x\d{{1,5}})?{_END}"), _is_phone),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_.-])(?<!\d )00\d{{1,3}}(?:[ .-]?\d{{2,5}}){{2,5}}(?:x\d{{1,6}})?{_END}"), _is_phone),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_.,-])(?<!\d )0\d{{1,4}}(?:[ .-]\d{{2,6}}){{1,4}}(?:-\d{{1,5}})?{_END}"), lambda w: 9 <= len(digits_of(w)) <= 12),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_.,-])0\d{{9,10}}{_END}"), _is_phone),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_.,-])0\d{{2,3}}-\d{{7,8}}(?:-\d{{1,5}})?{_END}")),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_.,-])[48]00-\d{{3,4}}-\d{{3,4}}{_END}")),
    Form("PHONE", _c(rf"{_FREE}1[3-9](?:[ .-]?\d){{9}}{_END}"), near=_CALL, reach=28),
    Form("PHONE", _c(r"[一幺][三四五六七八九](?:[ -]?[零〇一幺二三四五六七八九]){9}(?![零〇一幺二三四五六七八九])")),
    Form("PHONE", _c(rf"{_FREE}\d{{3}}[ .-]?\d{{4}}{_END}"), near=_c(r"(?:call|phone|tel|text|whatsapp|mobile|cell|fax|dial|电话|座机|拨打|致电)\b[^\d\n]{0,18}$")),
    Form("PHONE", _c(rf"(?<![A-Za-z0-9_-])\(?\d{{1,5}}\)?(?:[ ./-]{{1,2}}\(?\d{{1,5}}\)?){{1,6}}(?: ?x\d{{1,6}})?{_END}"), lambda w: 7 <= len(digits_of(w)) <= 15 and len(set(digits_of(w))) > 2, near=_c(r"phone|\btel\b|\bcall|mobile|\bcell?\b|whatsapp|\bfax|telefon|celular|电话|手机|座机"), reach=24),
    Form("PHONE", _c(rf"{_FREE}\d{{2,5}}(?:[ .-]?\d{{2,5}}){{1,4}}(?:x\d{{1,6}})?{_END}"), _is_phone, near=_CALL, reach=28),
)  # fmt: skip
