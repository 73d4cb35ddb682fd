"""Operations: status, metrics, dead letters and the operator log."""
