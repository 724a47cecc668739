"""How kinds, functions, roles and statuses are said in French."""

from entente.people.models import BodyKind, FunctionKind, OrganisationKind, PersonStatus, SeatRole

ORGANISATIONS = {
    OrganisationKind.EPCI: "EPCI",
    OrganisationKind.COMMUNE: "Commune",
    OrganisationKind.CCAS: "CCAS",
    OrganisationKind.SYNDICAT: "Syndicat",
    OrganisationKind.ASSOCIATION: "Association",
}

BODIES = {
    BodyKind.COPIL: "Comité de pilotage",
    BodyKind.COTECH: "Comité technique",
    BodyKind.CONFERENCE_DES_MAIRES: "Conférence des maires",
    BodyKind.BUREAU: "Bureau",
    BodyKind.CONSEIL_COMMUNAUTAIRE: "Conseil communautaire",
    BodyKind.CONSEIL_MUNICIPAL: "Conseil municipal",
    BodyKind.GROUPE_DE_TRAVAIL: "Groupe de travail",
    BodyKind.REUNION_DES_DGS: "Réunion des DGS",
    BodyKind.RESEAU: "Réseau",
}

FUNCTIONS = {
    FunctionKind.AGENT: "Agent",
    FunctionKind.ACHETEUR: "Acheteur",
    FunctionKind.TECHNICIEN: "Technicien",
    FunctionKind.ELU: "Élu",
    FunctionKind.MAIRE: "Maire",
    FunctionKind.DGS: "DGS",
    FunctionKind.GESTIONNAIRE: "Gestionnaire de matériel",
    FunctionKind.ADMINISTRATEUR: "Administrateur",
}

STATUSES = {
    PersonStatus.INVITED: "Compte à ouvrir",
    PersonStatus.ACTIVE: "Compte actif",
    PersonStatus.SUSPENDED: "Compte suspendu",
}

ROLES = {
    SeatRole.MEMBER: "Membre",
    SeatRole.CHAIR: "Présidence",
    SeatRole.SECRETARY: "Secrétariat",
}
