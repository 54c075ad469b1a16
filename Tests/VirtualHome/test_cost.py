"""What it costs to read a cuff, beside bleak on BlueZ; nothing is asserted of the figures, which are for reading."""

from .bench import table


def test_both_read_the_same_cuff(home, tmp_path, capsys):
    figures = table(home, tmp_path)
    with capsys.disabled():
        print(f"\n{figures}")
