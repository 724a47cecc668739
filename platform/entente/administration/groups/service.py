"""What can be done to groups: one function per verb."""

from uuid import UUID

from entente import rights
from entente.administration.groups.models import GroupForm, NewMember
from entente.administration.typed import locked, person_named, settled
from entente.ids import Ref
from entente.people.models import Group, GroupMember
from entente.rules import NotFound
from entente.work import Work

TAKEN = {"circle": ("name", "Un autre groupe porte déjà ce nom.")}
THERE = {"circle_member": ("email", "Cette personne est déjà dans le groupe.")}


def ref_of(group_id: UUID) -> Ref:
    """A group, as the audit names it."""
    return Ref("entente/group", group_id)


async def add(work: Work, new: GroupForm) -> Group:
    """Make an empty group."""
    group = Group(name=new.name)
    async with settled(work.db, TAKEN):
        work.db.add(group)
    work.audit("group.added", ref_of(group.id), name=new.name)
    return group


async def rename(work: Work, group_id: UUID, new: GroupForm) -> None:
    """Give a group another name."""
    group = await locked(work.db, Group, group_id)
    async with settled(work.db, TAKEN):
        group.name = new.name
        work.db.add(group)
    work.audit("group.renamed", ref_of(group_id), name=new.name)


async def gather(work: Work, group_id: UUID, new: NewMember) -> None:
    """Put someone in a group."""
    group = await locked(work.db, Group, group_id)
    person = await person_named(work.db, new.email, "email")
    async with settled(work.db, THERE):
        work.db.add(GroupMember(group_id=group.id, person_id=person.id))
    work.audit("group.joined", ref_of(group_id), person=str(person.id))
    await rights.rights_changed(work, person.id)


async def part(work: Work, group_id: UUID, person_id: UUID) -> None:
    """Take someone out of a group."""
    member = await work.db.get(GroupMember, (group_id, person_id), with_for_update=True)
    if member is None:
        raise NotFound
    await work.db.delete(member)
    work.audit("group.left", ref_of(group_id), person=str(person_id))
    await rights.rights_changed(work, person_id)
