"""The screens of outside agendas: one's own, and seen by nobody else."""
