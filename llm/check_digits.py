"""Check digits and dates in numbers of cards, accounts and national ids: whether a written number can be one. Knows no text around it."""

import re
from datetime import date


def digits_of(written: str) -> str:
    return "".join(c for c in written if c.isdigit())


def luhn(digits: str) -> bool:
    """The check sum of ISO/IEC 7812-1."""
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


_BEGINS_OF_CARDS = {13: ("4", "5", "6"), 14: ("30", "36", "38", "39", "5", "6"), 15: ("34", "37", "5", "6")}


def is_card(written: str) -> bool:
    digits = digits_of(written)
    begins = _BEGINS_OF_CARDS.get(len(digits), ("2", "3", "4", "5", "6", "9"))
    return 13 <= len(digits) <= 19 and digits.startswith(begins) and luhn(digits) and len(set(digits)) > 1


def is_iban(written: str) -> bool:
    """ISO 13616: the rearranged number is 1 modulo 97."""
    compact = re.sub(r"[\s-]", "", written).upper()
    return 15 <= len(compact) <= 34 and int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def is_chinese_id(written: str) -> bool:
    """GB 11643: birth date and ISO 7064 MOD 11-2 check character."""
    compact = re.sub(r"[ -]", "", written)
    if not is_birth(compact[6:14]):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(compact, weights, strict=False)) % 11] == compact[17].upper()


def is_birth(written: str) -> bool:
    try:
        return 1900 <= date(int(written[:4]), int(written[4:6]), int(written[6:])).year <= 2100
    except ValueError:
        return False


def mod11(digits: list[int], n: int, top: int) -> bool:
    """Brazil's check digit at place n: weights run 2 … top from the right, and begin again."""
    total = sum(d * (2 + k % (top - 1)) for k, d in enumerate(reversed(digits[:n])))
    return (0 if total % 11 < 2 else 11 - total % 11) == digits[n]


def is_cpf(written: str) -> bool:
    digits = [int(d) for d in digits_of(written)]
    return len(set(digits)) > 1 and all(mod11(digits, n, 12) for n in (9, 10))


def is_cnpj(written: str) -> bool:
    digits = [int(d) for d in digits_of(written)]
    return len(digits) == 14 and len(set(digits)) > 1 and all(mod11(digits, n, 9) for n in (12, 13))


def is_nric(written: str) -> bool:
    """Singapore: weighted sum modulo 11 against the letter of its series (M series since 2022)."""
    total = sum(int(d) * w for d, w in zip(written[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    series = written[0].upper()
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}[
        series
    ]
    offset = {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[series]
    index = (total + offset) % 11
    return letters[10 - index if series == "M" else index] == written[8].upper()


def is_thai(written: str) -> bool:
    digits = [int(d) for d in digits_of(written)]
    return (
        len(digits) == 13
        and (11 - sum(d * (13 - n) for n, d in enumerate(digits[:12])) % 11) % 10 == digits[12]
        and digits[0] != 0
    )


def is_hong_kong(written: str) -> bool:
    """One or two letters, six digits and the check character in brackets, modulo 11."""
    letters, digits, check = re.match(r"([A-Z]{1,2})(\d{6})\(?([\dA])", written.upper()).groups()  # type: ignore[union-attr]
    values = [36 if len(letters) == 1 else ord(letters[0]) - 55, ord(letters[-1]) - 55, *map(int, digits)]
    total = sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True)) + (10 if check == "A" else int(check))
    return total % 11 == 0


def is_spanish(written: str) -> bool:
    compact = written.upper().replace("-", "")
    number = int(compact[:-1].translate({88: "0", 89: "1", 90: "2"}))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == compact[-1]


def is_mykad(written: str) -> bool:
    digits = digits_of(written)
    return is_birth("19" + digits[:6]) or is_birth("20" + digits[:6])


def is_nik(written: str) -> bool:
    """Indonesia: province, then day (plus 40 for women), month and year of birth."""
    digits = digits_of(written)
    day, month = int(digits[6:8]), int(digits[8:10])
    return digits[0] in "123456789" and 1 <= day % 40 <= 31 and 1 <= month <= 12
