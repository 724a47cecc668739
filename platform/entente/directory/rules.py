"""Who may look in the directory, and what it never tells.

Every member sees the name, functions, seats and professional address of whoever takes part today, elected
officials included: reaching each other is what the house is for. It never tells of groups (a guest list is its
forum's own affair), of suspended accounts, of past functions, of sessions or settings. It has no export:
an administrator gives one, and the audit says so.
"""

from entente.people.who import Who


def may_look(who: Who) -> bool:
    """Whether the directory is open to this person: to members, not to guests."""
    return who.is_member
