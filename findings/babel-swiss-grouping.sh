#!/bin/sh
# Babel 2.19.0: numbers of a Swiss locale lose all separators of thousands from a million on.
#
# Expected: format_decimal(1234567, locale="de_CH") has a separator before every three digits, as for 123456, and as for
#           de_DE.
# Observed: 123'456 has a separator, 1234567 has none. The same for de_LI, fr_CH and it_CH, and for format_currency.
# We do:    our pages format numbers without Babel; what will use it must test amounts above a million.
# Needs:    Python 3.11 or newer.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet babel==2.19.0 || exit 2

venv/bin/python - <<'EOF'
from babel.numbers import format_currency, format_decimal

locales = ("de_DE", "de_CH", "de_LI", "fr_CH", "it_CH")
shown = {each: [format_decimal(number, locale=each) for number in (123456, 1234567)] for each in locales}
for locale, numbers in shown.items():
    print(f"{locale}  {numbers[0]:>9}  {numbers[1]:>10}")
money = format_currency(1234567, "CHF", locale="de_CH")
print(f"de_CH  {money}")

assert shown.pop("de_DE") == ["123.456", "1.234.567"]
for below, above in shown.values():
    assert not below.isdigit(), "the separator below a million is gone"
    assert above == "1234567", "there is a separator above a million now"
assert "1234567" in money
EOF
