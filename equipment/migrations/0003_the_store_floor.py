import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import equipment.jobs
import equipment.states
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('equipment', '0002_sequence_and_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovedEquivalent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='equivalents', to='equipment.product')),
                ('substitute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stands_in_for', to='equipment.product')),
            ],
            options={
                'ordering': ['product_id', 'id'],
                'constraints': [models.UniqueConstraint(fields=('product', 'substitute'), name='one_row_per_equivalent'), models.CheckConstraint(condition=models.Q(('product', models.F('substitute')), _negated=True), name='equivalent_is_another_product')],
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('loler', 'LOLER thorough examination'), ('pat', 'PAT'), ('service', 'Service'), ('functional', 'Functional'), ('acceptance', 'Acceptance')], max_length=12)),
                ('text', models.CharField(max_length=120)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='equipment.product')),
            ],
            options={
                'ordering': ['product_id', 'kind', 'position', 'id'],
                'constraints': [models.UniqueConstraint(fields=('product', 'kind', 'text'), name='each_check_once')],
            },
        ),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='As on its label, such as A-03-2; pick lists follow this order', max_length=20)),
                ('name', models.CharField(blank=True, max_length=60)),
                ('capabilities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('dirty', 'Receive dirty'), ('wash', 'Wash'), ('test', 'Test'), ('repair', 'Repair'), ('shelf', 'Clean shelf'), ('stage', 'Van lane'), ('hold', 'Hold')], max_length=8), size=None)),
                ('closed_on', models.DateField(blank=True, help_text='Nothing is put here from this day on', null=True)),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locations', to='equipment.store')),
            ],
            options={
                'ordering': ['store_id', 'code'],
                'constraints': [models.UniqueConstraint(fields=('store', 'code'), name='one_location_per_code'), models.CheckConstraint(condition=models.Q(models.Q(('capabilities__overlap', [equipment.jobs.Capability['DIRTY'], equipment.jobs.Capability['WASH']]), _negated=True), models.Q(('capabilities__overlap', [equipment.jobs.Capability['SHELF'], equipment.jobs.Capability['STAGE'], equipment.jobs.Capability['TEST']]), _negated=True), _connector='OR'), name='dirty_and_clean_never_share_a_location')],
            },
        ),
        migrations.CreateModel(
            name='StockCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'Open'), ('recount', 'Recount'), ('review', 'Review'), ('closed', 'Closed'), ('cancelled', 'Cancelled')], default=equipment.jobs.CountState['OPEN'], editable=False, max_length=12)),
                ('started_at', models.DateTimeField()),
                ('first_by', models.CharField(max_length=80)),
                ('second_by', models.CharField(blank=True, max_length=80)),
                ('closed_at', models.DateTimeField(null=True)),
                ('location', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='counts', to='equipment.location')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='counts', to='equipment.store')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', [equipment.jobs.CountState['OPEN'], equipment.jobs.CountState['RECOUNT'], equipment.jobs.CountState['REVIEW']])), fields=('store', 'location'), name='one_open_count_per_place', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='CountLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('expected', models.PositiveIntegerField(help_text='By the records when the count began; 0 for what was a surprise')),
                ('first', models.PositiveIntegerField(null=True)),
                ('second', models.PositiveIntegerField(null=True)),
                ('resolution', models.CharField(blank=True, max_length=300)),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='count_lines', to='equipment.asset')),
                ('stock_line', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='count_lines', to='equipment.stockline')),
                ('count', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='equipment.stockcount')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('count', 'asset'), name='asset_once_in_a_count'), models.UniqueConstraint(fields=('count', 'stock_line'), name='stock_line_once_in_a_count'), models.CheckConstraint(condition=models.Q(models.Q(('asset__isnull', False), ('stock_line__isnull', True)), models.Q(('asset__isnull', True), ('stock_line__isnull', False)), _connector='OR'), name='count_line_of_asset_or_stock')],
            },
        ),
        migrations.CreateModel(
            name='Disposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(choices=[('weee', 'WEEE recycling'), ('scrap', 'Scrap'), ('stripped', 'Stripped'), ('returned_to_supplier', 'Returned to supplier'), ('donated', 'Donated'), ('sold', 'Sold')], max_length=20)),
                ('carrier', models.CharField(blank=True, max_length=80)),
                ('consignment', models.CharField(blank=True, help_text='Number of the waste transfer note', max_length=60)),
                ('data_wiped_by', models.CharField(blank=True, max_length=80)),
                ('data_wipe', models.CharField(blank=True, help_text='How its memory was erased', max_length=120)),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=80)),
                ('notes', models.CharField(blank=True, max_length=300)),
                ('asset', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='disposal', to='equipment.asset')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='FloorEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=12)),
                ('subject_id', models.BigIntegerField()),
                ('verb', models.CharField(max_length=24)),
                ('from_state', models.CharField(blank=True, max_length=16)),
                ('to_state', models.CharField(blank=True, max_length=16)),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=80)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('facts', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['subject', 'subject_id', '-id'], name='floor_event_by_subject')],
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('products', 'Products'), ('assets', 'Assets'), ('loans', 'Loans'), ('tests', 'Tests'), ('cleans', 'Cleans')], max_length=10)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('checking', 'Checking'), ('checked', 'Checked'), ('applying', 'Applying'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default=equipment.jobs.ImportState['WAITING'], editable=False, max_length=10)),
                ('filename', models.CharField(max_length=120)),
                ('content', models.BinaryField()),
                ('encoding', models.CharField(blank=True, help_text='As found in the file', max_length=12)),
                ('uploaded_by', models.CharField(max_length=80)),
                ('uploaded_at', models.DateTimeField()),
                ('skip_bad', models.BooleanField(default=False, help_text='Apply the good rows although some are bad')),
                ('rows_total', models.PositiveIntegerField(default=0)),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('created', models.PositiveIntegerField(default=0)),
                ('updated', models.PositiveIntegerField(default=0)),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('bad', models.PositiveIntegerField(default=0)),
                ('problems', models.JSONField(default=list, help_text='The first thousand: [{line, field, code, detail}]')),
                ('failure', models.CharField(blank=True, max_length=300)),
                ('lease_until', models.DateTimeField(help_text='A worker is on it until then', null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='equipment.organisation')),
                ('store', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='equipment.store')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state__in', [equipment.jobs.ImportState['WAITING'], equipment.jobs.ImportState['CHECKING'], equipment.jobs.ImportState['APPLYING']])), fields=['id'], name='import_to_work_on')],
            },
        ),
        migrations.CreateModel(
            name='Incompatibility',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(max_length=200)),
                ('one', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='equipment.product')),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='equipment.product')),
            ],
            options={
                'verbose_name_plural': 'incompatibilities',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.comparison.Least('one', 'other'), django.db.models.functions.comparison.Greatest('one', 'other'), name='one_row_per_pair'), models.CheckConstraint(condition=models.Q(('one', models.F('other')), _negated=True), name='incompatible_with_another')],
            },
        ),
        migrations.CreateModel(
            name='Repair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('repair', 'Repair'), ('refurbish', 'Refurbish')], default=equipment.jobs.RepairKind['REPAIR'], max_length=10)),
                ('fault', models.CharField(max_length=300)),
                ('soiled', models.BooleanField(help_text='Opened while soiled: it is cleaned again afterwards (rule 2)')),
                ('opened_at', models.DateTimeField()),
                ('opened_by', models.CharField(max_length=80)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, max_length=80)),
                ('outcome', models.CharField(blank=True, choices=[('repaired', 'Repaired'), ('condemned', 'Condemned')], max_length=10)),
                ('labour_minutes', models.PositiveIntegerField(default=0)),
                ('cost', models.DecimalField(decimal_places=2, default=0, help_text='Labour and parts', max_digits=9, verbose_name='cost (£)')),
                ('work_done', models.CharField(blank=True, max_length=300)),
                ('override_reason', models.CharField(blank=True, help_text='Why it was mended although it was not worth its cost', max_length=300)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='repairs', to='equipment.asset')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('asset',), name='one_open_repair_per_asset')],
            },
        ),
        migrations.CreateModel(
            name='PartUsed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('unit_price', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='price (£)')),
                ('movement', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='part_used', to='equipment.stockmovement')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='equipment.product')),
                ('repair', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='equipment.repair')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('supplier', models.CharField(max_length=80)),
                ('order_number', models.CharField(max_length=40)),
                ('delivery_note', models.CharField(blank=True, max_length=40)),
                ('batch', models.CharField(blank=True, max_length=40)),
                ('expires_on', models.DateField(blank=True, null=True)),
                ('quantity', models.PositiveIntegerField()),
                ('unit_price', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='price each (£)')),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=80)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='equipment.organisation')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='equipment.product')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='equipment.store')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='receipt_of_at_least_one')],
            },
        ),
        migrations.CreateModel(
            name='Scan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(max_length=80)),
                ('key', models.CharField(max_length=40)),
                ('mode', models.CharField(choices=[('look_up', 'Look up'), ('return', 'Return'), ('wash', 'Wash'), ('test', 'Test'), ('put_away', 'Put away'), ('pick', 'Pick'), ('load', 'Load'), ('count', 'Count'), ('transfer', 'Transfer'), ('goods_in', 'Goods in')], max_length=12)),
                ('job', models.BigIntegerField(help_text='The wash run, count, route or transfer it belongs to', null=True)),
                ('code', models.CharField(max_length=120)),
                ('ok', models.BooleanField()),
                ('answer', models.JSONField(default=dict, help_text='What the page was told: code, sentence')),
                ('undo', models.JSONField(default=dict, help_text='What takes it back; empty when nothing can')),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('asset', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='scans', to='equipment.asset')),
                ('stock_line', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='scans', to='equipment.stockline')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['by', '-id'], name='scan_by_person')],
                'constraints': [models.UniqueConstraint(fields=('by', 'key'), name='one_scan_per_key')],
            },
        ),
        migrations.CreateModel(
            name='StockAdjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.IntegerField(help_text='Positive in, negative out')),
                ('value', models.DecimalField(decimal_places=2, max_digits=9, verbose_name='value (£)')),
                ('reason', models.CharField(max_length=300)),
                ('asked_at', models.DateTimeField()),
                ('asked_by', models.CharField(max_length=80)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.CharField(blank=True, max_length=80)),
                ('approved', models.BooleanField(null=True)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='equipment.stockline')),
                ('movement', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjustment', to='equipment.stockmovement')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity', 0), _negated=True), name='adjustment_adjusts_something'), models.CheckConstraint(condition=models.Q(models.Q(('approved__isnull', True), ('decided_at__isnull', True), ('movement__isnull', True)), models.Q(('approved', False), ('decided_at__isnull', False), ('movement__isnull', True)), models.Q(('approved', True), ('decided_at__isnull', False), ('movement__isnull', False)), _connector='OR'), name='adjustment_moves_stock_when_approved')],
            },
        ),
        migrations.CreateModel(
            name='StockLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minimum', models.PositiveIntegerField()),
                ('maximum', models.PositiveIntegerField()),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='equipment.product')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='equipment.store')),
            ],
            options={
                'ordering': ['store_id', 'product_id'],
                'constraints': [models.UniqueConstraint(fields=('store', 'product'), name='one_level_per_store_and_product'), models.CheckConstraint(condition=models.Q(('maximum__gte', models.F('minimum'))), name='maximum_not_below_minimum')],
            },
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dirty', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('sent', 'Sent'), ('received', 'Received'), ('cancelled', 'Cancelled')], default=equipment.jobs.TransferState['DRAFT'], editable=False, max_length=12)),
                ('carrier', models.CharField(blank=True, help_text='Registration of the van, or the courier', max_length=12)),
                ('raised_at', models.DateTimeField()),
                ('raised_by', models.CharField(max_length=80)),
                ('sent_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('destination', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transfers_in', to='equipment.store')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transfers_out', to='equipment.store')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('source', models.F('destination')), _negated=True), name='transfer_between_two_stores')],
            },
        ),
        migrations.CreateModel(
            name='TransferItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sent', models.PositiveIntegerField()),
                ('received', models.PositiveIntegerField(default=0)),
                ('missing', models.PositiveIntegerField(default=0)),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transfer_items', to='equipment.asset')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='equipment.product')),
                ('stock_line', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transfer_items', to='equipment.stockline')),
                ('transfer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='equipment.transfer')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('asset__isnull', False), ('sent', 1), ('stock_line__isnull', True)), models.Q(('asset__isnull', True), ('sent__gte', 1), ('stock_line__isnull', False)), _connector='OR'), name='transfer_of_asset_or_quantity'), models.CheckConstraint(condition=models.Q(('sent__gte', django.db.models.expressions.CombinedExpression(models.F('received'), '+', models.F('missing')))), name='no_more_arrives_than_was_sent'), models.UniqueConstraint(fields=('transfer', 'asset'), name='asset_once_on_a_transfer'), models.UniqueConstraint(fields=('transfer', 'stock_line'), name='stock_line_once_on_a_transfer')],
            },
        ),
        migrations.CreateModel(
            name='TransferLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='equipment.product')),
                ('transfer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='equipment.transfer')),
            ],
            options={
                'ordering': ['transfer_id', 'product_id'],
                'constraints': [models.UniqueConstraint(fields=('transfer', 'product'), name='one_transfer_line_per_product')],
            },
        ),
        migrations.CreateModel(
            name='WashRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(choices=[('detergent', 'Detergent'), ('chlorine_1000', 'Chlorine 1,000 ppm'), ('chlorine_10000', 'Chlorine 10,000 ppm'), ('sporicidal', 'Sporicidal'), ('launder', 'Launder'), ('launder_thermal', 'Thermal launder')], max_length=20)),
                ('agent', models.CharField(help_text='Product used', max_length=80)),
                ('lot', models.CharField(help_text='Its lot number', max_length=40)),
                ('operator', models.CharField(max_length=80)),
                ('started_at', models.DateTimeField()),
                ('hold_minutes', models.PositiveSmallIntegerField(help_text='Least contact time: the run cannot pass before it')),
                ('ended_at', models.DateTimeField(null=True)),
                ('location', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='wash_runs', to='equipment.location')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wash_runs', to='equipment.store')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='wash_ends_after_start')],
            },
        ),
        migrations.CreateModel(
            name='WashItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField()),
                ('added_by', models.CharField(max_length=80)),
                ('outcome', models.CharField(blank=True, choices=[('passed', 'Passed'), ('failed', 'Failed'), ('taken_out', 'Taken out')], max_length=12)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wash_items', to='equipment.asset')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='equipment.washrun')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('outcome', equipment.jobs.WashOutcome['TAKEN_OUT']), _negated=True), fields=('run', 'asset'), name='once_in_a_wash_run'), models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('asset',), name='in_one_wash_at_a_time')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='asset',
            name='asset_in_exactly_one_place',
        ),
        migrations.RemoveIndex(
            model_name='asset',
            name='asset_by_state',
        ),
        migrations.AddField(
            model_name='asset',
            name='batch',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='asset',
            name='since',
            field=models.DateTimeField(editable=False, null=True, verbose_name='in this state since'),
        ),
        migrations.AddField(
            model_name='decontamination',
            name='lot',
            field=models.CharField(blank=True, help_text='Its lot number', max_length=40),
        ),
        migrations.AddField(
            model_name='inspectionrecord',
            name='answers',
            field=models.JSONField(blank=True, default=list, help_text='The checklist: [{check, ok, note}]'),
        ),
        migrations.AddField(
            model_name='inspectionrecord',
            name='by',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='inspectionrecord',
            name='certificate',
            field=models.CharField(blank=True, help_text="Number of the examiner's report", max_length=60),
        ),
        migrations.AddField(
            model_name='inspectionrecord',
            name='swl_kg',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='safe working load (kg)'),
        ),
        migrations.AddField(
            model_name='inspectionrecord',
            name='void_reason',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='inspectionrecord',
            name='voided_at',
            field=models.DateTimeField(help_text='Recorded by mistake: kept, and counts for nothing', null=True),
        ),
        migrations.AddField(
            model_name='inspectionrecord',
            name='voided_by',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='loan',
            name='composite',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='equipment.product'),
        ),
        migrations.AddField(
            model_name='loan',
            name='kit',
            field=models.UUIDField(blank=True, db_index=True, help_text='Shared by the parts of one composite', null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='stores',
            field=models.ManyToManyField(blank=True, help_text='Works in these only; none chosen: in all', related_name='staff', to='equipment.store'),
        ),
        migrations.AddField(
            model_name='product',
            name='gtin',
            field=models.CharField(blank=True, help_text="Fourteen digits, as in the maker's GS1 code", max_length=14, null=True, unique=True, validators=[django.core.validators.RegexValidator('^[0-9]{14}$', 'Fourteen digits: put zeros in front of a shorter one.')], verbose_name='GTIN'),
        ),
        migrations.AddField(
            model_name='product',
            name='holds_data',
            field=models.BooleanField(default=False, help_text='Remembers something of the person: wiped, with a record, before it is disposed of'),
        ),
        migrations.AddField(
            model_name='product',
            name='life_loans',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='working life (loans)'),
        ),
        migrations.AddField(
            model_name='product',
            name='life_years',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Older than this, repair is not worth its cost', null=True, verbose_name='working life (years)'),
        ),
        migrations.AddField(
            model_name='reservation',
            name='composite',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='equipment.product'),
        ),
        migrations.AddField(
            model_name='reservation',
            name='kit',
            field=models.UUIDField(blank=True, db_index=True, help_text='Shared by the parts of one composite', null=True),
        ),
        migrations.AddField(
            model_name='store',
            name='supplied_by',
            field=models.ForeignKey(blank=True, help_text='Tops it up', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supplies', to='equipment.store'),
        ),
        migrations.AlterField(
            model_name='asset',
            name='state',
            field=models.CharField(choices=[('received', 'Received'), ('available', 'Available'), ('reserved', 'Reserved'), ('picked', 'Picked'), ('staged', 'Staged'), ('loaded', 'On a van'), ('on_loan', 'On loan'), ('collection_due', 'Collection due'), ('returning', 'On its way back'), ('in_transfer', 'Between stores'), ('quarantine', 'Quarantine'), ('decontaminating', 'Being cleaned'), ('decontaminated', 'Cleaned'), ('testing', 'Being tested'), ('repair', 'Repair'), ('held', 'Held'), ('condemned', 'Condemned'), ('lost', 'Lost'), ('disposed', 'Disposed')], default=equipment.states.AssetState['RECEIVED'], editable=False, max_length=16),
        ),
        migrations.AlterField(
            model_name='decontamination',
            name='agent',
            field=models.CharField(blank=True, help_text='Product used', max_length=80),
        ),
        migrations.AlterField(
            model_name='inspectionrecord',
            name='kind',
            field=models.CharField(choices=[('loler', 'LOLER thorough examination'), ('pat', 'PAT'), ('service', 'Service'), ('functional', 'Functional'), ('acceptance', 'Acceptance')], max_length=12),
        ),
        migrations.AlterField(
            model_name='stockmovement',
            name='kind',
            field=models.CharField(choices=[('receipt', 'Receipt'), ('issue', 'Issue'), ('undelivered', 'Undelivered'), ('return', 'Return'), ('cleaned', 'Cleaned'), ('adjustment', 'Adjustment'), ('sent', 'Sent'), ('arrived', 'Arrived'), ('split', 'Split'), ('merged', 'Merged'), ('part', 'Part'), ('stripped', 'Stripped'), ('handed_out', 'Handed out')], max_length=12),
        ),
        migrations.AlterField(
            model_name='store',
            name='kind',
            field=models.CharField(choices=[('depot', 'Depot'), ('buffer', 'Buffer'), ('satellite', 'Satellite'), ('drop_off', 'Drop off')], max_length=10),
        ),
        migrations.AddField(
            model_name='asset',
            name='location',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assets', to='equipment.location'),
        ),
        migrations.AddField(
            model_name='stockline',
            name='location',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stock_lines', to='equipment.location'),
        ),
        migrations.AddField(
            model_name='asset',
            name='receipt',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assets', to='equipment.receipt'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(fields=['state', 'store', 'since'], name='asset_by_state'),
        ),
        migrations.AddConstraint(
            model_name='asset',
            constraint=models.UniqueConstraint(condition=models.Q(('serial', ''), _negated=True), fields=('product', 'serial'), name='one_asset_per_serial_of_a_product'),
        ),
        migrations.AddConstraint(
            model_name='asset',
            constraint=models.CheckConstraint(condition=models.Q(('location__isnull', True), ('store__isnull', False), _connector='OR'), name='a_location_is_in_a_store'),
        ),
        migrations.AddConstraint(
            model_name='asset',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', [equipment.states.AssetState['AVAILABLE'], equipment.states.AssetState['CONDEMNED'], equipment.states.AssetState['DECONTAMINATED'], equipment.states.AssetState['DECONTAMINATING'], equipment.states.AssetState['HELD'], equipment.states.AssetState['PICKED'], equipment.states.AssetState['QUARANTINE'], equipment.states.AssetState['RECEIVED'], equipment.states.AssetState['REPAIR'], equipment.states.AssetState['RESERVED'], equipment.states.AssetState['STAGED'], equipment.states.AssetState['TESTING']]), ('store__isnull', False), ('vehicle', '')), models.Q(('state__in', [equipment.states.AssetState['IN_TRANSFER'], equipment.states.AssetState['LOADED'], equipment.states.AssetState['RETURNING']]), ('store__isnull', True), models.Q(('vehicle', ''), _negated=True)), models.Q(models.Q(('state__in', [equipment.states.AssetState['AVAILABLE'], equipment.states.AssetState['CONDEMNED'], equipment.states.AssetState['DECONTAMINATED'], equipment.states.AssetState['DECONTAMINATING'], equipment.states.AssetState['HELD'], equipment.states.AssetState['IN_TRANSFER'], equipment.states.AssetState['LOADED'], equipment.states.AssetState['PICKED'], equipment.states.AssetState['QUARANTINE'], equipment.states.AssetState['RECEIVED'], equipment.states.AssetState['REPAIR'], equipment.states.AssetState['RESERVED'], equipment.states.AssetState['RETURNING'], equipment.states.AssetState['STAGED'], equipment.states.AssetState['TESTING']]), _negated=True), ('store__isnull', True), ('vehicle', '')), _connector='OR'), name='asset_in_exactly_one_place'),
        ),
        migrations.AddField(
            model_name='decontamination',
            name='run',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cleans', to='equipment.washrun'),
        ),
    ]
