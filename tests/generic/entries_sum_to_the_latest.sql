{#- Without the ledger's own fold: the last state of a commission, or the sum of what its records say now. A
    commission without entries, and entries without an observation, are failures, too. -#}
{% test entries_sum_to_the_latest(model) %}
    with observed as (
        select
            observations.*,
            feeds.mode,
            row_number() over (
                partition by observations.commission_key
                order by
                    coalesce(observations.modified_at, observations.pulled_at) desc,
                    observations.pulled_at desc,
                    observations.feed desc,
                    observations.file_id desc,
                    observations.line_number desc
            ) as place_from_end
        from (select * from {{ ref('int_commissions__pulled') }}) as observations
        inner join {{ ref('commission_feeds') }} as feeds on observations.feed = feeds.feed
    ),

    kinds as (
        select
            commission_key,
            min(mode) as first_mode,
            max(mode) as last_mode,
            count(distinct currency_code) as currencies
        from observed
        group by commission_key
    ),

    sums as (
        select
            commission_key
            {%- for amount in commission_amounts() %},
            sum({{ amount }}_amount) as {{ amount }}_amount
            {%- endfor %}
        from {{ model }}
        group by commission_key
    ),

    -- What a pull deleted by its silence, no record says.
    silenced as (
        select distinct commission_key
        from {{ model }}
        where status = 'deleted' and network_status is null
    )

    select
        coalesce(sums.commission_key, kinds.commission_key) as commission_key,
        'entries or observations' as amount,
        cast(null as numeric(18, 6)) as in_ledger,
        cast(null as numeric(18, 6)) as said_last
    from sums
    full outer join kinds on sums.commission_key = kinds.commission_key
    where sums.commission_key is null or kinds.commission_key is null

    union all

    {% for amount in commission_amounts() %}
    (
        with said as (
            select
                observed.*,
                row_number() over (
                    partition by
                        commission_key, case when mode = 'append' then record_code else 'state' end
                    order by place_from_end
                ) as place_of_record
            from observed
            where {{ amount }}_amount is not null
        ),

        latest as (
            select
                said.commission_key,
                sum(said.{{ amount }}_amount) as {{ amount }}_amount
            from said
            inner join kinds on said.commission_key = kinds.commission_key
            left join silenced on said.commission_key = silenced.commission_key
            -- Feeds that mix both ways are held against a second fold elsewhere.
            where
                said.place_of_record = 1
                and kinds.first_mode = kinds.last_mode
                and kinds.first_mode in ('state', 'append')
                and kinds.currencies <= 1
                and silenced.commission_key is null
            group by said.commission_key
        )

        select
            sums.commission_key,
            '{{ amount }}' as amount,
            sums.{{ amount }}_amount as in_ledger,
            latest.{{ amount }}_amount as said_last
        from sums
        inner join latest on sums.commission_key = latest.commission_key
        where sums.{{ amount }}_amount != latest.{{ amount }}_amount
    )
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endtest %}
