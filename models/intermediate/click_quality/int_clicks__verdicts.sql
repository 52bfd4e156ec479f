{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert_noting_days',
        unique_key='click_id',
        on_schema_change='fail',
        contract={'enforced': true},
        post_hook=[
            "{{ forget_gone_clicks('int_clicks__keyed', outdated_verdict_days) }}",
            "{{ keep_noted_days(day_fingerprint() ~ ', ' ~ verdicts_fingerprint()) }}",
            "{{ remember_days('int_clicks__keyed') }}",
            "{{ remember_days('int_clicks__judged') }}",
            "{{ remember('int_uniqueness_rules__in_force') }}",
            "{{ remember('int_click_quality_rules__in_force') }}",
        ],
        dist='click_id',
        sort=['date_key'],
        indexes=[
            {'columns': ['click_id'], 'unique': True},
            {'columns': ['uniqueness_key']},
            {'columns': ['date_key']},
        ],
    )
}}

{#- What is decided about a click depends on its chain alone: the clicks of its key around it, as
    long as no gap between two of them reaches the window. -#}
{%- set days = outdated_verdict_days() if is_incremental() else [] %}
{%- set first_day, last_day, first_chain_day = reached_days(days) %}
{#- Redshift takes no recursion in a nested query, and dbt nests. So many doublings are enough. -#}
{%- set steps = chain_steps() | int %}
{%- set columns = [
    'click_id',
    'date_key',
    'visitor_id',
    'rule_key',
    'uniqueness_key',
    'file_id',
    'line_number',
    'clicked_at',
] %}

with

uniqueness_rules as (
    select
        unique_key,
        duplicate_key,
        version,
        window_kind,
        window_seconds
    from {{ ref('int_uniqueness_rules__in_force') }}
),

quality_rules as (
    select
        quality_key,
        rule_id,
        version,
        priority
    from {{ ref('int_click_quality_rules__in_force') }}
),

arrived as (
    select {{ columns | join(', ') }}
    from {{ ref('int_clicks__keyed') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

{% if is_incremental() %}
    stored as (
        select {{ columns | join(', ') }}
        from {{ this }}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    ),

    changed as (
        select
            uniqueness_key,
            rule_key,
            clicked_at
        from arrived
        union all
        select
            uniqueness_key,
            rule_key,
            clicked_at
        from stored
    ),

    -- Whose clicks changed, and between which moments.
    changed_keys as (
        select
            uniqueness_key,
            rule_key,
            min(clicked_at) as first_at,
            max(clicked_at) as last_at
        from changed
        where uniqueness_key is not null
        group by uniqueness_key, rule_key
    ),

    touched as (
        select
            changed_keys.uniqueness_key,
            {{ dbt.dateadd('second', '-rules.window_seconds', 'changed_keys.first_at') }}
                as first_at,
            {{ dbt.dateadd('second', 'rules.window_seconds', 'changed_keys.last_at') }}
                as last_at
        from changed_keys
        inner join uniqueness_rules as rules on changed_keys.rule_key = rules.unique_key
    ),

    -- The stored chains that come within a window of them: one may now be two, and two may be one.
    touched_chains as (
        select distinct
            verdicts.uniqueness_key,
            verdicts.chain_started_at
        from {{ this }} as verdicts
        inner join touched
            on
                verdicts.uniqueness_key = touched.uniqueness_key
                and verdicts.clicked_at >= touched.first_at
                and verdicts.clicked_at <= touched.last_at
        where
            verdicts.chain_started_at is not null
            and verdicts.date_key between {{ first_day }} and {{ last_day }}
    ),

    pulled as (
        select
            verdicts.{{ columns | join(',\n            verdicts.') }}
        from {{ this }} as verdicts
        inner join touched_chains
            on
                verdicts.uniqueness_key = touched_chains.uniqueness_key
                and verdicts.chain_started_at = touched_chains.chain_started_at
        where
            verdicts.date_key >= {{ first_chain_day }}
            and not ({{ in_list('verdicts.date_key', days) }})
    ),

{% endif %}
clicks as (
    select {{ columns | join(', ') }}
    from arrived
    {% if is_incremental() %}
        union all
        select {{ columns | join(', ') }}
        from pulled
    {% endif %}
),

hits as (
    select
        click_id,
        rule_id,
        version,
        severity,
        priority
    from {{ ref('int_clicks__judged') }}
    {% if is_incremental() %}
        where date_key >= {{ first_chain_day }}
    {% endif %}
),

-- "The first rule that hit, in priority order".
first_hits as (
    select
        click_id,
        min(case when severity = 'invalid' then priority end) as priority,
        max(case when severity = 'suspect' then 1 else 0 end) as suspect
    from hits
    group by click_id
),

invalid_clicks as (
    select
        hits.click_id,
        quality_rules.quality_key,
        quality_rules.version
    from hits
    inner join first_hits
        on
            hits.click_id = first_hits.click_id
            and hits.priority = first_hits.priority
    inner join quality_rules
        on
            hits.rule_id = quality_rules.rule_id
            and hits.version = quality_rules.version
    where hits.severity = 'invalid'
),

judged as (
    select
        clicks.{{ columns | join(',\n        clicks.') }},
        uniqueness_rules.unique_key,
        uniqueness_rules.duplicate_key,
        uniqueness_rules.version as uniqueness_version,
        uniqueness_rules.window_kind,
        uniqueness_rules.window_seconds,
        invalid_clicks.quality_key,
        invalid_clicks.version as quality_version,
        coalesce(first_hits.suspect, 0) = 1 as is_suspect
    from clicks
    left join uniqueness_rules on clicks.rule_key = uniqueness_rules.unique_key
    left join invalid_clicks on clicks.click_id = invalid_clicks.click_id
    left join first_hits on clicks.click_id = first_hits.click_id
),

-- Invalid clicks neither make another click a duplicate nor restart a window: they are in no chain.
preceded as (
    select
        click_id,
        uniqueness_key,
        window_kind,
        window_seconds,
        clicked_at,
        lag(clicked_at) over (
            partition by uniqueness_key
            order by clicked_at, click_id
        ) as previous_at
    from judged
    where
        uniqueness_key is not null
        and quality_key is null
),

started as (
    select
        click_id,
        uniqueness_key,
        window_kind,
        window_seconds,
        clicked_at,
        previous_at is null
        or clicked_at >= {{ dbt.dateadd('second', 'window_seconds', 'previous_at') }}
            as starts_chain
    from preceded
),

chained as (
    select
        click_id,
        uniqueness_key,
        window_kind,
        window_seconds,
        clicked_at,
        starts_chain,
        max(case when starts_chain then clicked_at end) over (
            partition by uniqueness_key
            order by clicked_at, click_id
            rows between unbounded preceding and current row
        ) as chain_started_at
    from started
),

-- Rolling: "each click restarts it", so the first of a chain is unique and no other. Fixed: the
-- same, unless the chain is longer than the window. Few are: they are walked, unique by unique.
long_chains as (
    select
        uniqueness_key,
        chain_started_at
    from chained
    where window_kind = 'fixed'
    group by uniqueness_key, chain_started_at, window_seconds
    having
        max(clicked_at) >= {{ dbt.dateadd('second', 'window_seconds', 'chain_started_at') }}
),

numbered as (
    select
        chained.click_id,
        chained.uniqueness_key,
        chained.chain_started_at,
        chained.window_seconds,
        chained.clicked_at,
        row_number() over (
            partition by chained.uniqueness_key, chained.chain_started_at
            order by chained.clicked_at, chained.click_id
        ) as place
    from chained
    inner join long_chains
        on
            chained.uniqueness_key = long_chains.uniqueness_key
            and chained.chain_started_at = long_chains.chain_started_at
),

-- Each click, and the end of the window that it would open: what comes next after it is unique.
marks as (
    select
        uniqueness_key,
        chain_started_at,
        clicked_at as marked_at,
        1 as is_click,
        place,
        place as click_place
    from numbered
    union all
    select
        uniqueness_key,
        chain_started_at,
        {{ dbt.dateadd('second', 'window_seconds', 'clicked_at') }} as marked_at,
        0 as is_click,
        place,
        cast(null as bigint) as click_place
    from numbered
),

followed as (
    select
        uniqueness_key,
        chain_started_at,
        is_click,
        place,
        min(click_place) over (
            partition by uniqueness_key, chain_started_at
            order by marked_at, is_click, place
            rows between current row and unbounded following
        ) as next_place
    from marks
),

jumps_0 as (
    select
        uniqueness_key,
        chain_started_at,
        place,
        next_place
    from followed
    where
        is_click = 0
        and next_place is not null
),

-- From the first click of a chain to its next unique one, from both to two further on, from all
-- four to four further on: each step doubles what is reached and how far it reaches.
reached_0 as (
    select
        uniqueness_key,
        chain_started_at,
        cast(1 as bigint) as place
    from long_chains
),

{% for step in range(steps) %}
    reached_{{ step + 1 }} as (
        select
            uniqueness_key,
            chain_started_at,
            place
        from reached_{{ step }}
        union all
        select
            jumps.uniqueness_key,
            jumps.chain_started_at,
            jumps.next_place as place
        from reached_{{ step }} as reached
        inner join jumps_{{ step }} as jumps
            on
                reached.uniqueness_key = jumps.uniqueness_key
                and reached.chain_started_at = jumps.chain_started_at
                and reached.place = jumps.place
    ),

    {% if not loop.last %}
        jumps_{{ step + 1 }} as (
            select
                near.uniqueness_key,
                near.chain_started_at,
                near.place,
                far.next_place
            from jumps_{{ step }} as near
            inner join jumps_{{ step }} as far
                on
                    near.uniqueness_key = far.uniqueness_key
                    and near.chain_started_at = far.chain_started_at
                    and near.next_place = far.place
        ),

    {% endif %}
{% endfor %}
later_uniques as (
    select numbered.click_id
    from numbered
    inner join reached_{{ steps }} as reached
        on
            numbered.uniqueness_key = reached.uniqueness_key
            and numbered.chain_started_at = reached.chain_started_at
            and numbered.place = reached.place
),

classified as (
    select
        judged.click_id,
        judged.date_key,
        judged.visitor_id,
        judged.rule_key,
        judged.uniqueness_key,
        judged.file_id,
        judged.line_number,
        case
            when judged.quality_key is not null then 'invalid'
            -- Nobody is known to have clicked before.
            when judged.uniqueness_key is null then 'unique'
            when chained.starts_chain or later_uniques.click_id is not null then 'unique'
            else 'duplicate'
        end as click_class,
        judged.unique_key,
        judged.duplicate_key,
        judged.quality_key,
        judged.uniqueness_version,
        judged.quality_version,
        judged.is_suspect,
        judged.clicked_at,
        chained.chain_started_at
    from judged
    left join chained on judged.click_id = chained.click_id
    left join later_uniques on judged.click_id = later_uniques.click_id
),

final as (
    select
        click_id,
        date_key,
        visitor_id,
        rule_key,
        uniqueness_key,
        case click_class
            when 'invalid' then quality_key
            when 'duplicate' then duplicate_key
            else unique_key
        end as click_quality_key,
        file_id,
        line_number,
        cast(click_class as varchar(10)) as click_class,
        coalesce(quality_version, uniqueness_version) as rule_version,
        is_suspect,
        clicked_at,
        chain_started_at
    from classified
)

select * from final
