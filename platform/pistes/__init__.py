"""The register of pistes: ideas of pooling voiced by communes, evaluated, ranked, some of which become actions.

Where things are, for whoever builds beside it:

- `models` holds `Piste`, its `Phase`, `Change` (its story) and the one `Register` row (criteria in force, tie rule).
- `criteria` are data: a `CriteriaSet` is one immutable version of a document (`Criteria`: criteria, levels, forbidden
  combinations); an edited set is a new version; `criteria.rules.sieve` says what is set aside and why.
- `marks`: the base mark (imported or computed) and the override with its reason stand side by side per piste and
  criterion; the retained one is the override if there is one. `marks.service.give` is what evaluation calls.
- `tree`: `Node` rows, an objectif, a declinaison or a place of a piste; one piste may stand at several places.
- `communes`: dated positions (proposes, interested, takes part, withdrawn), who is a member on a day, and the carriers
  of the source that could not be resolved.
- `ranking`: pure lexicographic ranking with a declared tie rule, and `ranking.queries.board`, the table that the
  screen, the exports and the command line print; `ranking.keeping.present` is that table worked out once for each
  state of the register, which pages read.
- `texts`: sentences that quote shares and check themselves against the board.
- `deferral`, `imports`, `search`, `feed`, `views`: what their names say.

Every verb of a service takes the open `Work`, tells both streams (`service.stream_of(piste)`, `service.REGISTER`)
through `service.tell`, and never commits. Phases move through `service.move_phase` alone: that is where a gate stands.
"""
