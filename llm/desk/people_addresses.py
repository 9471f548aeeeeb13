"""Postal addresses that the tagger of people learns from: made ones, as they are written in many countries."""

import re

from llm.desk.people_addresses_zh import ChineseAddresses
from llm.desk.people_words import names
from llm.people_rules import words

_NATURE = words(
    "Oak Maple Park Hill River Station Church Mill King Queen Victoria Bridge High Green Spring Lake North South Market School Castle Chapel Forest Garden Abbey Canal Cedar Elm Rose Tower Wharf"
)


class Addresses(ChineseAddresses):
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
            self._portugal, self._malaysia, self._philippines, self._indonesia, self._brazil, self._india, self._india, self._hong_kong, self._thai, self._odd, self._mexico, self._turkey, self._loose, self._loose, self._lines, self._lines,
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

    def _lines(self) -> str:
        """As on a label or in a form: a line for each part, indented or not."""
        kind = self.pick(
            words("Street St Avenue Ave Road Rd Lane Way Strasse Rue Via Calle Jalan Parkway Trail Crescent")
        )
        lines = [
            self.pick([f"{self._door()} {self._name()} {kind}", f"{self._name()} {kind} {self._door()}", f"{self.number(1, 99)} {self._door()} {self.first('en')} {kind}"]),
            self.pick(["", "", self._inner(), f"Suite {self.number(1, 999)}", f"Apt. {self.number(1, 999)}", f"Postbus {self.number(1, 999)}"]),
            self.pick([self.place(False), f"{self.last('en')}{self.pick(['ville', 'burg', 'ton', ' Springs', 'stad', 'hausen', 'by'])}", f"{self.number(1000, 99999)} {self.place(False)}"]),
            self.pick(["", *words("NY CA TX WA IL FL NSW VIC ON BC"), self.place(False)]),
            self.pick(["", self._code(), self.number(1000, 99999), self.number(10000, 99999)]),
        ]  # fmt: skip
        return self.pick(["\n", "\n ", "\n    ", ", ", " "]).join(line for line in lines if line)
