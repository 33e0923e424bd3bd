from __future__ import annotations
import time
from datetime import date, timedelta
from django.db import connection
from equipment import due
from equipment.models import Asset, Store, TestRegime
from equipment.competences import Register
from logistics import due_calendar, home_tests
from tests.county import BY, TUESDAY, County

def test_scale(county):
    ps = []
    for n in range(100):
        ps.append(county.product(f"P{n}", regimes={"loler": 182, "pat": 365} if n < 20 else {"service": 365} if n < 60 else {}).pk)
    person = county.person(); a = county.address(person)
    with connection.cursor() as c:
        def run(sql, p=()):
            t=time.time(); c.execute(sql, p); print(f"{time.time()-t:.1f}s", sql[:60])
        run("SET session_replication_role = replica")
        run("""INSERT INTO equipment_asset (number, product_id, owner_id, serial, state, store_id, vehicle, batch, received_on, accepted_at, loans_count, purchase_price, test_due_on)
        SELECT lpad((900000+i)::text, 8, '0'), (%s::bigint[])[1 + i %% 100], %s, '', CASE WHEN i %% 5 < 3 THEN 'on_loan' ELSE 'available' END, CASE WHEN i %% 5 < 3 THEN NULL ELSE %s END, '', '', '2025-01-01', now(), 0, 0,
        CASE WHEN i %% 100 < 60 THEN date '2026-02-01' + (i %% 360) END FROM generate_series(1, 250000) i""", [ps, county.provider.pk, county.store.pk])
        run("""INSERT INTO equipment_inspectionrecord (asset_id, kind, result, performed_at, examiner, next_due, defects, certificate, answers, by, voided_by, void_reason)
        SELECT a.id, r.kind, 'pass', a.test_due_on - r.interval_days - g*365, 'E', a.test_due_on + CASE WHEN r.kind='pat' THEN 30 ELSE 0 END - g*365, '', '', '[]', '', '', ''
        FROM equipment_asset a JOIN equipment_testregime r ON r.product_id=a.product_id, generate_series(0,2) g WHERE a.test_due_on is not null""")
        run("""INSERT INTO equipment_loan (person_id, address_id, product_id, asset_id, quantity, started_at)
        SELECT %s, %s, product_id, id, 1, '2025-06-01' FROM equipment_asset WHERE state='on_loan'""", [person.pk, a.pk])
        run("DELETE FROM equipment_inspectionrecord WHERE asset_id %% 5000 = 3")
        run("SET session_replication_role = origin")
        for t in ("equipment_asset","equipment_inspectionrecord","equipment_loan","equipment_testregime"): run(f"ANALYZE {t}")
    on = TUESDAY.date()
    def timed(name, f):
        t=time.time(); r=f(); print(f"{name}: {time.time()-t:.2f}s -> {len(r) if hasattr(r,'__len__') else r}"); return r
    timed("owed", lambda: list(due._values(due.owed(Asset.objects.all(), until=on))))
    timed("dated 12 weeks", lambda: list(due._values(due.dated(Asset.objects.all(), until=on+timedelta(days=84)))))
    timed("on_loan most 3000", lambda: due.on_loan(Asset.objects.all(), until=on+timedelta(days=28), most=3000))
    timed("waiting", lambda: home_tests._waiting(on+timedelta(days=28), most=3000))
    stores = list(Store.objects.all())
    ls = timed("lines", lambda: due_calendar.lines(Asset.objects.all(), until=due_calendar.until(on), stores=stores))
    timed("weeks", lambda: due_calendar.weeks(ls, on=on))
    timed("entries", lambda: due_calendar.entries(ls[:50], on=on, stores=stores, register=Register.read()))
    timed("gaps", lambda: due_calendar.gaps(ls, on=on, stores=stores, register=Register.read()))
    print(due.owed(Asset.objects.all(), until=on).values("pk").explain(analyze=True))
    t=time.time(); print(home_tests.raise_due(by=BY, at=TUESDAY, limit=100), f"{time.time()-t:.1f}s raise 100")
