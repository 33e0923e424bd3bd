"""Over the counter of a satellite or buffer store: an issue there is a loan like any other.

An issue that nobody recorded is the classic way in which stock leaks: found later, it is recorded late rather than
never.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from equipment import duties, fitness, holdings, kits, locks, people, receiving, stock, whereabouts
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Address, Asset, AssetEvent, Loan, Person, StockLine, Store
from equipment.states import COMMITTED, AssetState
from equipment.words import MovementKind, StoreKind

_WITH_A_COUNTER = frozenset({StoreKind.SATELLITE, StoreKind.BUFFER})


@transaction.atomic
def hand_out(
    asset: Asset, person: Person, address: Address, *, by: str, at: datetime, review_on: date | None = None
) -> Loan:
    """Give an asset to a person there and then. Refused unless it is fit for this person today."""
    duties.require(by, Duty.ISSUE, asset.store_id)
    _check_person(person, address, review_on, at)
    _alive(person)
    locks.again(asset)
    _on_the_counter(asset)
    facts = holdings.person_facts(person, on=day_of(at), asking=[asset.product])
    advance(asset, AssetState.ON_LOAN, by=by, at=at, person=facts)
    return _lend(asset, person, address, started_at=at, review_on=review_on)


def _on_the_counter(asset: Asset) -> None:
    if asset.state in COMMITTED or receiving.live_reservation(asset) is not None:
        raise Refused("promised", f"{asset} is promised to somebody else: release it first, or take another one.")
    if asset.state != AssetState.AVAILABLE:
        raise Refused(
            "not_on_the_shelf",
            f"{asset} cannot be handed out: by the records it is {whereabouts.of_asset(asset)}.",
            state=asset.state,
        )
    _has_a_counter(asset.store)


def _has_a_counter(store: Store | None) -> None:
    if store is not None and store.kind not in _WITH_A_COUNTER:
        raise Refused("no_counter", f"{store} hands nothing out over a counter: order it to be delivered.")


def _check_person(person: Person, address: Address, review_on: date | None, at: datetime) -> None:
    if address.person_id != person.pk:
        raise Invalid("address", "This is somebody else's address.", field="address")
    if review_on is not None and review_on < day_of(at):
        raise Invalid("review_on", "The end of the loan period lies in the past.", field="review_on")


def _alive(person: Person) -> None:
    """Held before the stock, as by whoever orders for them."""
    if people.hold(person).died_on is not None:
        raise Refused("person_died", "This person has died: nothing is lent any more.")


def _lend(asset: Asset, person: Person, address: Address, *, started_at: datetime, review_on: date | None) -> Loan:
    Asset.objects.filter(pk=asset.pk).update(loans_count=F("loans_count") + 1)
    asset.loans_count += 1
    return Loan.objects.create(
        person=person,
        address=address,
        product=asset.product,
        asset=asset,
        started_at=started_at,
        review_on=review_on,
    )


@transaction.atomic
def hand_out_counted(
    line: StockLine,
    quantity: int,
    person: Person,
    address: Address,
    *,
    by: str,
    at: datetime,
    review_on: date | None = None,
) -> Loan:
    """Give a quantity of counted stock to a person: nothing dirty, expired, promised, or too weak for them."""
    duties.require(by, Duty.ISSUE, line.store_id)
    _check_person(person, address, review_on, at)
    _alive(person)
    held = locks.stock_line(line.pk)
    _has_a_counter(held.store)
    if quantity < 1:
        raise Invalid("quantity", "Hand out at least one.", field="quantity")
    _fit_to_go(held, person, at)
    stock.move(held, -quantity, MovementKind.HANDED_OUT, by=by, at=at)
    return Loan.objects.create(
        person=person,
        address=address,
        product=held.product,
        stock_line=held,
        quantity=quantity,
        started_at=at,
        review_on=review_on,
    )


def _fit_to_go(line: StockLine, person: Person, at: datetime) -> None:
    if line.dirty:
        raise Refused("not_clean", f"These {line.product.name} are waiting to be cleaned.")
    if line.expires_on and line.expires_on <= day_of(at):
        raise Refused("expired", f"These {line.product.name} expired on {line.expires_on}: write them off.")
    if line.alert_id is not None:
        raise Refused("recalled", f"These {line.product.name} are under a safety alert: hand out others.")
    kits.refuse(holdings.why_not(line.product, person, on=day_of(at)))


@transaction.atomic
def record_issue(
    asset: Asset,
    person: Person,
    address: Address,
    *,
    started_at: datetime,
    reason: str,
    by: str,
    at: datetime,
    review_on: date | None = None,
) -> Loan:
    """It went out and nobody wrote it down: the loan, from the day it really began.

    It is with the person whatever the rules say, so no rule stops the record. Why it was unfit stays on its event:
    `unfit_when_issued` tells, so that somebody acts.
    """
    duties.require(by, Duty.ISSUE, asset.store_id)
    _check_person(person, address, review_on, at)
    if not reason.strip():
        raise Invalid("reason_needed", "Say how it came to light.", field="reason")
    locks.again(asset)
    _unaccounted_for(asset)
    _began_when_it_could(asset, started_at, at)
    known = holdings.facts_of_rows([asset])[asset.pk]
    began = day_of(started_at)
    unfit = fitness.to_issue(known, on=began, person=holdings.person_facts(person, on=began, asking=[asset.product]))
    if asset.state == AssetState.AVAILABLE:
        advance(asset, AssetState.LOST, by=by, at=at, reason=reason)
    facts = {"unfit": "\n".join(f"{r.sentence} {r.remedy}" for r in unfit), "began": started_at.isoformat()}
    advance(asset, AssetState.ON_LOAN, by=by, at=at, reason=reason, **facts)
    return _lend(asset, person, address, started_at=started_at, review_on=review_on)


def unfit_when_issued(loan: Loan) -> list[str]:
    """Why the asset of a loan recorded late was not fit to go to this person, each with its remedy."""
    event = AssetEvent.objects.filter(asset=loan.asset, verb="record_issue").first()
    told = event is not None and event.facts.get("began") == loan.started_at.isoformat()
    return str(event.facts["unfit"]).splitlines() if event is not None and told else []


def _unaccounted_for(asset: Asset) -> None:
    if asset.state in COMMITTED:
        raise Refused("promised", f"{asset} is promised to somebody else: release it first.")
    if asset.state not in (AssetState.LOST, AssetState.AVAILABLE):
        raise Refused("accounted_for", f"By the records {asset} is {whereabouts.of_asset(asset)}.", state=asset.state)
    if Loan.objects.filter(asset=asset, ended_at__isnull=True).exists():
        raise Refused("on_loan_already", f"{asset} was lost from a loan that is still open: end that first.")


def _began_when_it_could(asset: Asset, started_at: datetime, at: datetime) -> None:
    """Not in the future, and not before it was last seen in the store."""
    if started_at > at:
        raise Invalid("started_at", "The loan cannot have begun in the future.", field="started_at")
    seen = AssetEvent.objects.filter(asset=asset).exclude(verb="lose")
    last = seen.exclude(from_state=F("to_state")).first() or seen.first()
    put_away = seen.filter(verb="put_away").first()
    times = [event.at for event in (last, put_away) if event is not None]
    if times and started_at < max(times):
        raise Invalid(
            "started_at",
            f"{asset} was still in the store on {max(times):%d %b %Y at %H:%M}: it cannot have gone out before.",
            field="started_at",
        )
