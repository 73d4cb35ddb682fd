"""The summary of coverage."""

from deploy.docs.coverage import markdown


def test_each_package_and_the_total_are_summed() -> None:
    one = {"num_statements": 8, "covered_lines": 6, "num_branches": 4, "covered_branches": 1}
    two = {"num_statements": 2, "covered_lines": 2, "num_branches": 0, "covered_branches": 0}
    table = markdown({"libs/kit/db.py": one, "libs/kit/http.py": two, "services/portal/app.py": two})
    assert table.splitlines()[2:] == [
        "| libs/kit | 10 | 80.0 % | 25.0 % |",
        "| services/portal | 2 | 100.0 % | 100.0 % |",
        "| total | 12 | 83.3 % | 25.0 % |",
    ]
