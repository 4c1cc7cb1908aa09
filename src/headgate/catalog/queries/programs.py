"""What runs inside the server: functions, triggers, event triggers, rules, policies."""

from __future__ import annotations

from headgate.catalog.queries.parts import comment, grants, owner, settings, user_made

__all__ = ["queries"]


def queries(major: int) -> tuple[str, ...]:
    """Functions, procedures and aggregates; triggers; event triggers; rules; policies."""
    return (_ROUTINES, _TRIGGERS, _EVENT_TRIGGERS, _RULES, _POLICIES)


_FIRED = "WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on a replica' WHEN 'A' THEN 'always enabled' END AS fires"

# https://www.postgresql.org/docs/18/catalog-pg-proc.html and catalog-pg-aggregate.html
_ROUTINES = f"""
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
       p.oid::regprocedure::text AS name,
       {owner("p.proowner")}, {comment("pg_proc", "p.oid")}, {grants("p.proacl", "acldefault('f', p.proowner)")},
       pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, l.lanname AS language,
       CASE WHEN p.prokind <> 'a' THEN coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) END AS body,
       p.probin AS library,
       CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
       CASE WHEN p.proisstrict THEN true END AS strict, CASE WHEN p.prosecdef THEN true END AS security_definer,
       CASE WHEN p.proleakproof THEN true END AS leakproof, CASE p.prokind WHEN 'w' THEN true END AS window,
       p.procost::text AS cost, CASE WHEN p.proretset THEN p.prorows::text END AS rows,
       {settings("p.proconfig", "settings")}, NULLIF(p.prosupport::oid, 0)::regproc::text AS support,
       CASE p.prokind WHEN 'a' THEN
           (SELECT concat_ws(', ', 'sfunc = ' || a.aggtransfn, 'stype = ' || format_type(a.aggtranstype, NULL),
                'sspace = ' || NULLIF(a.aggtransspace, 0), 'initcond = ' || quote_literal(a.agginitval),
                'finalfunc = ' || NULLIF(a.aggfinalfn::oid, 0)::regproc,
                CASE WHEN a.aggfinalextra THEN 'finalfunc_extra' END,
                'finalfunc_modify = ' || NULLIF(a.aggfinalmodify::text, 'r'),
                'combinefunc = ' || NULLIF(a.aggcombinefn::oid, 0)::regproc,
                'serialfunc = ' || NULLIF(a.aggserialfn::oid, 0)::regproc,
                'deserialfunc = ' || NULLIF(a.aggdeserialfn::oid, 0)::regproc,
                'msfunc = ' || NULLIF(a.aggmtransfn::oid, 0)::regproc,
                'minvfunc = ' || NULLIF(a.aggminvtransfn::oid, 0)::regproc,
                'mstype = ' || format_type(NULLIF(a.aggmtranstype, 0), NULL),
                'mfinalfunc = ' || NULLIF(a.aggmfinalfn::oid, 0)::regproc,
                'minitcond = ' || quote_literal(a.aggminitval), 'sortop = ' || NULLIF(a.aggsortop, 0)::regoperator,
                'kind = ' || NULLIF(a.aggkind::text, 'n'))
            FROM pg_aggregate AS a WHERE a.aggfnoid = p.oid) END AS definition
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang
WHERE {user_made("pg_proc", "p.oid", "p.pronamespace")}
"""

# The triggers behind foreign keys and deferred constraints are internal.
# https://www.postgresql.org/docs/18/catalog-pg-trigger.html
_TRIGGERS = f"""
SELECT 'trigger' AS kind, quote_ident(tg.tgname) || ' on ' || r.name AS name, r.name AS of,
       CASE WHEN tg.tgconstraint <> 0 THEN 'constraint trigger ' ELSE '' END
           || substr(pg_get_triggerdef(tg.oid, true), 1 + length(concat(
               'CREATE ', CASE WHEN tg.tgconstraint <> 0 THEN 'CONSTRAINT ' END, 'TRIGGER ',
               quote_ident(tg.tgname), ' '))) AS definition,
       CASE tg.tgenabled {_FIRED}, {comment("pg_trigger", "tg.oid")},
       CASE WHEN tg.tgparentid <> 0 THEN
           (SELECT ARRAY[quote_ident(parent.tgname) || ' on ' || parent.tgrelid::regclass]
            FROM pg_trigger AS parent WHERE parent.oid = tg.tgparentid) END AS inherited_from
FROM relation AS r
JOIN pg_trigger AS tg ON tg.tgrelid = r.oid
WHERE NOT tg.tgisinternal OR tg.tgparentid <> 0 AND tg.tgconstrrelid = 0 AND tg.tgconstrindid = 0
"""

# https://www.postgresql.org/docs/18/catalog-pg-event-trigger.html
_EVENT_TRIGGERS = f"""
SELECT 'event trigger' AS kind, quote_ident(e.evtname) AS name,
       {owner("e.evtowner")}, {comment("pg_event_trigger", "e.oid")},
       concat(e.evtevent, ' executes ', e.evtfoid::regprocedure, ' when the tag is ' || (
           SELECT string_agg(tag, ', ' ORDER BY tag COLLATE "C") FROM unnest(e.evttags) AS tag)) AS definition,
       CASE e.evtenabled {_FIRED}
FROM pg_event_trigger AS e
WHERE {user_made("pg_event_trigger", "e.oid")}
"""

# https://www.postgresql.org/docs/18/catalog-pg-rewrite.html
_RULES = f"""
SELECT 'rule' AS kind, quote_ident(w.rulename) || ' on ' || r.name AS name, r.name AS of,
       substr(rtrim(pg_get_ruledef(w.oid, true), ';'), 1 + length(concat(
           'CREATE RULE ', quote_ident(w.rulename), ' AS '))) AS definition,
       CASE w.ev_enabled {_FIRED}, {comment("pg_rewrite", "w.oid")}
FROM relation AS r
JOIN pg_rewrite AS w ON w.ev_class = r.oid
WHERE w.rulename <> '_RETURN'
"""

# https://www.postgresql.org/docs/18/catalog-pg-policy.html
_POLICIES = f"""
SELECT 'policy' AS kind, quote_ident(p.polname) || ' on ' || r.name AS name, r.name AS of,
       CASE WHEN NOT p.polpermissive THEN true END AS restrictive,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
           ELSE 'ALL' END AS command,
       (SELECT string_agg(role, ', ' ORDER BY role COLLATE "C") FROM (
           SELECT CASE oid WHEN 0 THEN 'PUBLIC' ELSE oid::regrole::text END FROM unnest(p.polroles) AS oid
        ) AS roles (role)) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS with_check,
       {comment("pg_policy", "p.oid")}
FROM relation AS r
JOIN pg_policy AS p ON p.polrelid = r.oid
"""
