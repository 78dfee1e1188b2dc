"""Error of a backup, a restore or a salvage: one sentence with a hint."""


class BackupError(RuntimeError):
    """Why it failed, and what to do: `<reason>. Hint: <hint>`."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason}. Hint: {hint}")
        self.reason = reason
        self.hint = hint


class DamagedBackup(BackupError):
    """The index of a backup cannot be used."""
