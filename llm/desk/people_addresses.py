"""Postal addresses that the tagger of people learns from: made ones, as they are written in many countries."""

import re

from llm.desk.people_words import Words, names
from llm.people_rules import words

_NATURE = words(
    "Oak Maple Park Hill River Station Church Mill King Queen Victoria Bridge High Green Spring Lake North South Market School Castle Chapel Forest Garden Abbey Canal Cedar Elm Rose Tower Wharf"
)
_TAILS = words("路 街 大道 大街 巷 胡同 东路 西路 南路 北路 中路 一路 二路")
_ROADS = words(
    "人民 解放 中山 建设 和平 新华 长江 黄河 文化 友谊 江南 滨江 学院 科技 工业 迎宾 朝阳 民族 团结 兴业 振兴 光明 幸福 延安 淮海 西湖 中关村 玉林 愚园 麒麟 鲁迅 平江 白塔 泉秀 解元 翠微 石龙 高新 创业 望江 龙华 福田 天府 锦绣 东湖 南湖"
)
_ESTATES = words(
    "阳光花园 锦绣家园 绿地公馆 万科城 碧桂园 翡翠湾 世纪城 香榭里 金色家园 保利花园 学府苑 东方名都 滨江一号 和谐小区 丽景苑 御景台 凤凰城 怡景花园 大宁社区 幸福里"
)
_TOWERS = words("国际大厦 商务中心 科技园 创业园 工业园 广场 财富中心 南洋广场 物流园 软件园 批发市场 市场 大厦")
_CN = {
    "浙江省": "杭州市:西湖区,滨江区,余杭区 宁波市:海曙区,鄞州区 金华市:义乌市,婺城区 温州市:鹿城区,瓯海区", "广东省": "广州市:天河区,番禺区,白云区 深圳市:南山区,龙岗区 东莞市:虎门镇,长安镇 佛山市:顺德区",
    "江苏省": "南京市:鼓楼区,江宁区 苏州市:姑苏区,昆山市 无锡市:梁溪区 徐州市:泉山区", "四川省": "成都市:武侯区,锦江区 绵阳市:涪城区", "湖北省": "武汉市:江岸区,洪山区 宜昌市:西陵区", "福建省": "福州市:鼓楼区 泉州市:丰泽区,晋江市 厦门市:思明区",
    "山东省": "济南市:历下区 青岛市:市南区,即墨区 临沂市:兰山区", "河南省": "郑州市:金水区 洛阳市:涧西区", "湖南省": "长沙市:岳麓区,长沙县 株洲市:天元区", "陕西省": "西安市:雁塔区,碑林区", "辽宁省": "沈阳市:和平区 大连市:中山区", "黑龙江省": "哈尔滨市:道里区,南岗区",
    "云南省": "昆明市:盘龙区 大理市:下关镇", "甘肃省": "兰州市:七里河区,城关区", "贵州省": "贵阳市:南明区 遵义市:红花岗区", "广西壮族自治区": "南宁市:青秀区 桂林市:七星区", "新疆维吾尔自治区": "乌鲁木齐市:天山区 喀什市:西域大道", "西藏自治区": "拉萨市:城关区",
    "海南省": "三亚市:吉阳区 海口市:龙华区", "江西省": "南昌市:东湖区 景德镇市:珠山区", "安徽省": "合肥市:蜀山区 芜湖市:镜湖区", "河北省": "石家庄市:长安区 保定市:莲池区", "山西省": "太原市:小店区", "内蒙古": "呼和浩特市:赛罕区 包头市:昆都仑区",
    "上海": "上海市:静安区,浦东新区,徐汇区,闵行区", "北京": "北京市:海淀区,朝阳区,丰台区,通州区", "天津": "天津市:南开区,和平区", "重庆": "重庆市:渝中区,江北区,沙坪坝区",
}  # fmt: skip


class Addresses(Words):
    """Deals addresses beside names, places and shops."""

    def address(self, language: str) -> str:
        own = {
            "pt": self._brazil,
            "id": self._indonesia,
            "ms": self._malaysia,
            "vi": self._vietnam,
            "ph": self._philippines,
        }
        if language in own and self.deal.random() < 0.9:
            return own[language]()
        makers = [
            self._us, self._us, self._uk, self._uk, self._uk, self._estate, self._german, self._german, self._french, self._spanish, self._italian, self._dutch, self._polish, self._japan, self._singapore,
            self._portugal, self._malaysia, self._philippines, self._indonesia, self._brazil, self._india, self._india, self._hong_kong, self._thai, self._odd, self._mexico, self._turkey, self._loose,
        ]  # fmt: skip
        said = self.deal.choice(makers)()
        return re.sub(r", ", self.pick([", ", ", ", ", ", " ", ",\n"]), said) if self.deal.random() < 0.12 else said

    def _name(self) -> str:
        return self.pick(_NATURE) if self.deal.random() < 0.5 else self.last("en")

    def _door(self) -> str:
        number = self.number(1, 399) if self.deal.random() < 0.9 else self.number(400, 9999)
        return number + (self.pick("ABCabc") if self.deal.random() < 0.12 else "")

    def _code(self) -> str:
        letters = "ABCDEFGHJKLMNPRSTUWYZ"
        return f"{self.pick(letters)}{self.pick(letters) if self.deal.random() < 0.6 else ''}{self.number(1, 19)} {self.number(1, 9)}{self.pick(letters)}{self.pick(letters)}"

    def _inner(self) -> str:
        return f"{self.pick(['Flat', 'Apt', 'Apt.', 'Unit', 'Suite', 'Apartment', 'Room', 'Floor', 'No.', '#'])} {self.number(1, 60)}{self.pick(['', '', 'A', 'B', 'C'])}"

    def _us(self) -> str:
        kind = self.pick(
            words(
                "Street St St. Avenue Ave Road Rd Lane Drive Dr Court Blvd Boulevard Way Place Circle Parkway Terrace"
            )
        )
        inner = f", {self._inner()}" if self.deal.random() < 0.4 else ""
        state = self.pick(words("NY CA TX WA OR IL OH FL GA MA PA ON BC QC VIC NSW QLD WA"))
        code = self.pick(
            [
                self.number(10000, 99999),
                f"{self.pick('KLMNTV')}{self.number(1, 9)}{self.pick('ABCEX')} {self.number(1, 9)}{self.pick('ABCEX')}{self.number(1, 9)}",
                self.number(2000, 8999),
            ]
        )
        tail = f", {self.place(False)}" if self.deal.random() < 0.85 else ""
        tail += f"{self.pick([',', '', ','])} {state} {code}" if tail and self.deal.random() < 0.7 else ""
        return f"{self._door()} {self._name()} {kind}{inner}{tail}"

    def _uk(self) -> str:
        kind = self.pick(
            words(
                "Road Street Lane Court Close Gardens Terrace Hill Grove Mews Crescent Row Square Way Green Quay Walk View Rise"
            )
        )
        inner = f"{self._inner()}, " if self.deal.random() < 0.3 else ""
        after = f", {self._inner()}" if not inner and self.deal.random() < 0.15 else ""
        tail = (
            f", {self.place(False)}{self.pick([' ', ', '])}{self._code()}"
            if self.deal.random() < 0.75
            else f", {self.place(False)}"
        )
        return f"{inner}{self._door()} {self._name()} {self.pick([kind, self._name() + ' ' + kind])}{after}{tail}"

    def _estate(self) -> str:
        park = self.pick(
            [
                "Business Park",
                "Trade Park",
                "Industrial Estate",
                "Retail Park",
                "Enterprise Centre",
                "Trading Estate",
                "Market Hall",
                "Arcade",
            ]
        )
        return f"{self.pick(['Unit', 'Units', 'Block', 'Warehouse', 'Bay', 'Stall', 'Shop'])} {self.number(1, 60)}{self.pick(['', 'A', 'B', 'C'])}, {self._name()} {self.pick([self._name() + ' ', ''])}{park}, {self.place(False)}{self.pick(['', ' ' + self._code(), ' ' + self._code()])}"

    def _german(self) -> str:
        street = self.last("en").rstrip("s") + self.pick(
            [
                "straße",
                "strasse",
                "str.",
                "weg",
                "gasse",
                "allee",
                "platz",
                "gata",
                "vej",
                "gatan",
                "veien",
                "gade",
                "katu",
            ]
        )
        return f"{street} {self._door()}, {self.pick(['', '', 'D-', 'DK-', 'SE-'])}{self.number(1000, 99999)} {self.place(False)}{self.pick(['', '', ', Germany', ', Austria', ' (' + self.place(False) + ')'])}"

    def _french(self) -> str:
        return f"{self._door()}{self.pick([',', '', ' bis'])} {self.pick(['rue', 'avenue', 'boulevard', 'place', 'chemin', 'allée', 'quai'])} {self.pick(['de la', 'des', 'du', 'de', ''])} {self._name()}, {self.number(10000, 99999)} {self.place(False)}{self.pick(['', ', France', ', Belgique'])}".replace(
            "  ", " "
        )

    def _spanish(self) -> str:
        return f"{self.pick(['Calle', 'C/', 'Avenida', 'Av.', 'Plaza', 'Paseo', 'Carrera', 'Jirón'])} {self.pick(['', 'de ', 'del ', 'de la '])}{self.last('en')}{self.pick([' ', ', ', ' núm. ', ' #'])}{self._door()}{self.pick(['', ', ' + self.number(1, 9) + 'º ' + self.pick('ABCD'), ', piso ' + self.number(1, 20)])}, {self.number(10000, 52000)} {self.place(False)}"

    def _italian(self) -> str:
        return f"{self.pick(['Via', 'Viale', 'Piazza', 'Corso', 'Rua', 'Travessa', 'Strada', 'Rruga'])} {self.pick(['', 'dei ', 'delle ', 'das ', 'della '])}{self.last('en')}{self.pick([' ', ', '])}{self._door()}, {self.pick([self.number(10000, 98000), self.number(1000, 4999) + '-' + self.number(100, 999)])} {self.place(False)}{self.pick(['', ', Italia', ', Portugal', ' (' + self.pick(['MI', 'RM', 'TO']) + ')'])}"

    def _portugal(self) -> str:
        return f"{self.pick(['Rua', 'Travessa', 'Largo', 'Avenida', 'Calle', 'Via'])} {self.pick(['das ', 'do ', 'da ', 'dos ', 'de ', ''])}{self.last('en')}{self.pick([' ', ', '])}{self._door()}, {self.number(1, 9)}{self.pick(['.º', 'º', '°'])} {self.pick(['Esq.', 'Dto.', 'Dir.', 'Frente', 'A', 'B'])}, {self.number(1000, 8999)}-{self.number(100, 999)} {self.place(False)}{self.pick(['', ', Portugal', ', España'])}"

    def _dutch(self) -> str:
        return f"{self.last('en')}{self.pick(['straat', 'laan', 'weg', 'plein', 'gracht', 'kade', 'singel'])} {self._door()}{self.pick(['', '-' + self.number(1, 9)])}, {self.number(1000, 9999)}{self.pick([' ' + self.pick('ABCDEFG') + self.pick('ABCDEFG'), ''])} {self.place(False)}"

    def _polish(self) -> str:
        return f"{self.pick(['ul.', 'al.', 'os.', 'ulica', 'ul', 'str.', 'bul.'])} {self.last('en')} {self._door()}{self.pick(['', '/' + self.number(1, 60), ' m. ' + self.number(1, 60)])}, {self.number(10, 99)}-{self.number(100, 999)} {self.place(False)}"

    def _japan(self) -> str:
        return f"{self.number(1, 9)}-{self.number(1, 30)}-{self.number(1, 30)} {self.place(False)}{self.pick(['-cho', '-machi', '', ' 2-chome'])}, {self.place(False)}{self.pick(['-ku', '-shi'])}, {self.place(False)}{self.pick(['', ' ' + self.number(100, 999) + '-' + self.number(1000, 9999)])}"

    def _singapore(self) -> str:
        return f"{self.pick(['Blk', 'Block', ''])} {self.number(1, 900)}{self.pick(['', 'A', 'B'])} {self._name()} {self.pick(['Avenue', 'Street', 'Road', 'Drive', 'Central'])} {self.pick(['', self.number(1, 12)])} #{self.number(10, 40)}-{self.number(10, 900)}, Singapore {self.number(100000, 829999)}".replace(
            "  ", " "
        ).strip()

    def _malaysia(self) -> str:
        return f"{self.pick(['No. ', 'No ', '', 'Lot ', 'Unit A-', 'A-'])}{self.number(1, 200)}{self.pick([',', '', '-' + self.number(1, 9) + ','])} {self.pick(['Jalan', 'Jln', 'Lorong', 'Persiaran'])} {self.first('id')}{self.pick(['', ' ' + self.number(1, 20), ' ' + self.number(1, 9) + '/' + self.number(1, 30)])}, {self.pick(['Taman', 'Kampung', 'Bandar', 'Kg.', 'Desa'])} {self.first('id')}, {self.number(10000, 98000)} {self.place(False)}{self.pick(['', ', Selangor', ', Johor', ', Kedah', ', Pulau Pinang'])}"

    def _philippines(self) -> str:
        inner = self.pick([f"{self._inner()}, ", "", f"Blk {self.number(1, 40)} Lot {self.number(1, 40)}, "])
        return f"{inner}{self._door()} {self.last('ph')} {self.pick(['St.', 'Street', 'Ave.', 'Road', 'Ext.'])}, {self.pick(['Brgy. ' + self.last('ph'), self.last('ph') + ' Village', 'Barangay ' + self.last('ph'), self.last('ph') + ' Subd.', 'Purok ' + self.number(1, 9)])}, {self.pick([self.place(False), self.place(False) + ' City'])}{self.pick(['', ' ' + self.number(1000, 9800), ', Cebu', ', Metro Manila ' + self.number(1000, 1799)])}"

    def _indonesia(self) -> str:
        middle = self.pick(
            [
                "",
                f", RT {self.number(1, 12):0>2}/RW {self.number(1, 12):0>2}",
                f" RT {self.number(1, 12)} RW {self.number(1, 9)}",
                f", Blok {self.pick('ABCD')}{self.number(1, 20)}",
            ]
        )
        return f"{self.pick(['Jl.', 'Jalan', 'Jln.', 'Gang', 'Gg.', 'Perum'])} {self.first('id')} {self.pick(['', 'Raya ', self.first('id') + ' '])}{self.pick(['No. ', 'No.', 'no ', ''])}{self._door()}{middle}, {self.pick(['Kec. ' + self.first('id') + ', ', 'Kel. ' + self.first('id') + ', ', ''])}{self.pick(['Kota ', 'Kab. ', ''])}{self.place(False)}{self.pick(['', ' ' + self.number(10000, 99000), ', Jawa Barat ' + self.number(10000, 99000)])}"

    def _brazil(self) -> str:
        inner = self.pick(
            [
                "",
                f", apto {self.number(1, 300)}",
                f", ap. {self.number(1, 99)}",
                f", bloco {self.pick('ABC')} apto {self.number(11, 204)}",
                ", casa 2",
                f", sala {self.number(1, 99)}",
            ]
        )
        tail = self.pick(
            [
                "",
                f" - {self.pick(['SP', 'RJ', 'MG', 'BA', 'PR', 'RS', 'PE'])}",
                f"/{self.pick(['SP', 'RJ', 'MG', 'BA'])}",
            ]
        )
        code = self.pick(
            [
                "",
                f", CEP {self.number(10000, 99999)}-{self.number(100, 999)}",
                f", {self.number(10000, 99999)}-{self.number(100, 999)}",
                f" {self.number(10000, 99999)}-{self.number(100, 999)}",
            ]
        )
        return f"{self.pick(['Rua', 'R.', 'Avenida', 'Av.', 'Travessa', 'Alameda', 'Praça', 'Estrada', 'Rodovia'])} {self.pick(['', 'Doutor ', 'das ', 'do ', 'São ', 'Santa '])}{self.pick(names()['pt_BR'][1])}{self.pick([', ', ', nº ', ' ', ', n. '])}{self._door()}{inner}{self.pick([', ', ' - '])}{self.pick(['Jardim ', 'Vila ', 'Bairro ', ''])}{self.pick(names()['pt_BR'][1])}, {self.pick(['São Paulo', 'Rio de Janeiro', 'Belo Horizonte', 'Salvador', 'Recife', 'Curitiba', 'Campinas', 'Porto Alegre', self.place(False)])}{tail}{code}"

    def _vietnam(self) -> str:
        given = names()["vi_VN"][0] + names()["vi_VN"][1]
        number = self.pick(
            [
                self._door(),
                f"{self.number(1, 300)}/{self.number(1, 40)}",
                f"{self.number(1, 90)} ngõ {self.number(1, 200)}",
            ]
        )
        return f"{self.pick(['', 'Số ', 'số ', 'Nhà '])}{number} {self.pick(['', 'đường ', 'Đường ', 'phố '])}{self.pick(given)} {self.pick(given)}{self.pick(['', ' ' + self.pick(given)])}, {self.pick(['phường ' + self.number(1, 16), 'P. ' + self.pick(given) + ' ' + self.pick(given), 'xã ' + self.pick(given) + ' ' + self.pick(given), 'phường ' + self.pick(given) + ' ' + self.pick(given)])}, {self.pick(['quận ' + self.number(1, 12), 'Q.' + self.number(1, 12), 'huyện ' + self.pick(given) + ' ' + self.pick(given), self.pick(given) + ' ' + self.pick(given)])}, {self.pick(['Hà Nội', 'TP. Hồ Chí Minh', 'TP.HCM', 'Đà Nẵng', 'Hải Phòng', 'Cần Thơ', 'Huế', 'Nghệ An'])}"

    def _india(self) -> str:
        start = self.pick(
            [
                f"Flat {self.number(1, 900)}, {self.first('en')} {self.pick(['Apartments', 'CHS', 'Towers', 'Heights', 'Nivas'])}, ",
                f"House No. {self.number(1, 200)}, ",
                f"Plot {self.number(1, 90)}, ",
                f"H.No. {self.number(1, 9)}-{self.number(1, 90)}/{self.number(1, 9)}, ",
                f"Shop {self.number(1, 40)}, ",
            ]
        )
        return f"{start}{self.pick([self.last('en') + ' Road, ', 'M.G. Road, ', self.number(1, 30) + 'th Cross, ', 'Sector ' + self.number(1, 60) + ', ', self.last('en') + ' Nagar, '])}{self.place(False)}{self.pick([' East', ' West', ''])}, {self.pick(['Mumbai', 'Delhi', 'Bengaluru', 'Chennai', 'Pune', 'Lagos', 'Karachi', 'Dhaka', 'Nairobi', 'Accra'])} {self.pick([self.number(110000, 799999), self.number(110, 799) + ' ' + self.number(100, 999), ''])}".strip()

    def _hong_kong(self) -> str:
        return f"{self.pick(['Flat', 'Room', 'Rm', 'Unit', 'Office'])} {self.number(1, 40)}{self.pick(['', 'A', 'B', 'F'])}, {self.number(1, 60)}/F, {self.pick(['Tower ' + self.number(1, 9) + ', ', 'Block ' + self.pick('ABC') + ', ', ''])}{self._name()} {self.pick(['Building', 'Centre', 'Garden', 'Mansion', 'Court', 'Tower', 'Plaza', 'Residences'])}, {self.pick([self._door() + ' ', ''])}{self._name()} {self.pick(['Road', 'Street'])}, {self.pick(['Kowloon', 'Hong Kong', 'Wan Chai', 'Dubai', 'Kwun Tong', self.place(False)])}"

    def _thai(self) -> str:
        return f"{self.number(1, 300)}{self.pick(['', '/' + self.number(1, 90)])} {self.pick(['Moo ' + self.number(1, 12) + ', ', 'Soi ' + self._name() + ' ' + self.number(1, 90) + ', ', ''])}{self.pick(['Tambon ', 'Thanon ', 'Khwaeng '])}{self.place(False)}, {self.pick(['Amphoe ', 'Khet ', ''])}{self.place(False)}, {self.place(False)} {self.number(10000, 96000)}"

    def _mexico(self) -> str:
        return f"{self.pick(['', 'Torre ' + self.last('ph') + ', Piso ' + self.number(1, 40) + ', ', 'Edificio ' + self.last('ph') + ', '])}{self.pick(['Av.', 'Avenida', 'Calle', 'Calz.', 'Blvd.', 'Paseo de la'])} {self.last('ph')} {self.pick(['', 'No. ', '#'])}{self._door()}, {self.pick(['Col. ' + self.last('ph') + ', ', ''])}{self.pick(['C.P. ', ''])}{self.number(10000, 99000)} {self.pick(['Ciudad de México', 'Guadalajara', 'Monterrey', 'Bogotá', 'Lima', self.place(False)])}"

    def _turkey(self) -> str:
        return f"{self.last('en')} {self.pick(['Mah.', 'Mahallesi'])} {self.last('en')} {self.pick(['Sk.', 'Sokak', 'Cad.', 'Caddesi'])} No:{self._door()}{self.pick(['', ' D:' + self.number(1, 30), '/' + self.number(1, 30)])}, {self.number(10000, 81000)} {self.place(False)}{self.pick(['', '/İstanbul', '/İzmir', ', Ankara'])}"

    def _odd(self) -> str:
        where = self.pick([
            f"PO Box {self.number(1, 9999)}", f"P.O. Box {self.number(1, 9999)}", f"Private Bag {self.number(1, 99)}", f"Caixa Postal {self.number(1, 9999)}", f"Postfach {self.number(10, 9999)}", f"Stall {self.number(1, 99)}, {self._name()} Market",
            f"Locker {self.number(1, 99)}, {self._name()} Station", f"Berth {self.number(1, 40)}, {self._name()} Marina", f"Houseboat {self._name()}, Mooring {self.number(1, 40)}, {self._name()} {self.pick(['Wharf', 'Dock', 'Basin'])}", f"{self._name()} Farm, {self._name()} Lane {self.number(1, 20)}",
            f"{self._name()} House, {self._door()} {self._name()} Road", f"Room {self.number(1, 400)}, {self._name()} {self.pick(['Hotel', 'Hostel', 'Hall', 'Hospital'])}, {self._name()} Street",
        ])  # fmt: skip
        return f"{where}, {self.place(False)}{self.pick(['', ' ' + self._code(), ' ' + self.number(1000, 99999)])}"

    def _loose(self) -> str:
        """As mixed-up forms have it: number, street, unit, town, country and code, in lines or not."""
        sep = self.pick([", ", " ", "\n", "\n ", ", "])
        parts = [
            self.pick(
                [
                    f"{self._door()} {self._name()} {self._door()}",
                    f"{self._name()} {self._name()} {self._door()}",
                    f"{self._door()} {self._name()} {self.pick(['Street', 'Road', 'Rd', ''])}".strip(),
                ]
            )
        ]
        if self.deal.random() < 0.4:
            parts.append(self._inner())
        parts.append(self.place(False))
        if self.deal.random() < 0.5:
            parts.append(f"{self.place(False)} {self.number(1000, 99999)}")
        return sep.join(parts)

    def chinese_address(self) -> str:
        if self.deal.random() < 0.04:
            return f"{self.pick(['香港', '香港九龙', '香港新界', '台北市', '澳门', '高雄市'])}{self.given()}{self.given()}{self.pick(['道', '街', '路', '区'])}{self._space(self.number(1, 300))}号{self.given()}{self.given()}{self.pick(['广场', '大厦', '中心', '楼'])}{self._space(self.number(1, 40))}楼{self.pick(['', self._space(self.number(1, 20)) + '室'])}"
        province = self.pick(list(_CN))
        city, _, counties = self.pick(_CN[province].split()).partition(":")
        county = self.pick(counties.split(","))
        if self.deal.random() < 0.35:
            some = [self.given() + self.given() + (self.given() if self.deal.random() < 0.3 else "") for _ in range(3)]
            province = self.pick([province, province, some[0] + "省"])
            city = some[1] + self.pick(["市", "市", "州", "盟", "地区", "族自治州", "苗族自治州", "回族自治州"])
            county = some[2] + self.pick(["区", "区", "县", "市", "旗", "新区", "开发区"])
        head = self.pick(
            [
                f"{province}{city}{county}",
                f"{city}{county}",
                f"{city}{county}",
                f"{city.rstrip('市')}{county}",
                city,
                county,
                f"{province}{city}",
                "",
            ]
        )
        head = (
            head.replace("上海上海", "上海")
            .replace("北京北京", "北京")
            .replace("重庆重庆", "重庆")
            .replace("天津天津", "天津")
        )
        town = self.pick(["", "", "", f"{self.given()}{self.given()}{self.pick(['镇', '街道', '乡', '社区'])}"])
        return (head + town + self._road()).replace("  ", " ").strip()

    def _space(self, number: str) -> str:
        return f" {number} " if self.deal.random() < 0.4 else number

    def _road(self) -> str:
        n = self._space
        road = f"{self.pick(_ROADS) if self.deal.random() < 0.5 else self.given() + self.given()}{self.pick(_TAILS)}"
        door = f"{self.pick(['', '', '', '甲', '乙'])}{n(self.number(1, 999))}{self.pick(['号', '号', '号', '号院', '弄' + n(self.number(1, 60)) + '号'])}"
        estate = self.pick(
            [
                self.pick(_ESTATES),
                self.given() + self.given() + self.pick(["花园", "小区", "苑", "公寓", "家属院", "新村"]),
            ]
        )
        flat = self.pick([
            f"{n(self.number(1, 40))}{self.pick(['栋', '幢', '号楼', '座'])}{n(self.number(1, 6))}单元{n(self.number(101, 2804))}{self.pick(['室', '', '号'])}", f"{n(self.number(1, 40))}{self.pick(['栋', '幢', '号楼'])}{n(self.number(101, 2804))}{self.pick(['室', ''])}",
            f"{n(self.number(101, 3004))}室", f"{self.pick('ABCD')}座{n(self.number(101, 2804))}{self.pick(['', '室'])}", f"{n(self.number(1, 6))}{self.pick(['楼', '层'])}", f"{self.pick('一二三四五六')}楼", f"{n(self.number(1, 4))}单元{n(self.number(101, 904))}", "",
        ])  # fmt: skip
        turn = self.deal.random()
        if turn < 0.45:
            return f"{road}{door}{flat}"
        if turn < 0.65:
            return f"{road}{door}{estate}{flat or n(self.number(1, 30)) + '栋'}"
        if turn < 0.75:
            return f"{estate}{n(self.number(1, 30))}{self.pick(['栋', '号楼', '幢'])}{n(self.number(101, 2804))}"
        if turn < 0.85:
            return f"{road}{door}{self.given()}{self.given()}{self.pick(_TOWERS)}{flat}"
        if turn < 0.93:
            return f"{self.given()}{self.given()}村{self.pick([n(self.number(1, 20)) + '组', self.pick('一二三四五六七八') + '组', n(self.number(1, 200)) + '号', self.given() + '家湾' + n(self.number(1, 60)) + '号'])}{self.pick(['', n(self.number(1, 200)) + '号'])}"
        return f"{road}{door}{self.pick(['丰巢柜', '菜鸟驿站', '邮局', '门卫室', '妈妈驿站', '铺面', '档口'])}"
