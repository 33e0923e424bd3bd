"""Who authorised an order is a name; the PIN, which is a key to ordering, goes. What was authorised gets its value."""

from django.db import migrations

_NAMES = r"""
UPDATE logistics_order SET authorised_by = regexp_replace(authorised_by, ' \([^()]*\)$', '')
WHERE authorised_by <> ''
"""
_VALUES = """
UPDATE logistics_order AS o SET authorised_value = sums.total
FROM (
    SELECT order_id, sum(unit_price * quantity) AS total FROM logistics_orderline GROUP BY order_id
) AS sums
WHERE sums.order_id = o.id AND o.authorised_at IS NOT NULL AND o.authorised_value IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("logistics", "0004_follow_ups_name_a_person")]

    operations = [
        migrations.RunSQL(_NAMES, migrations.RunSQL.noop),
        migrations.RunSQL(_VALUES, migrations.RunSQL.noop),
    ]
