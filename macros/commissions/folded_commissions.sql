{#- The commissions that the ledger folds, as a relation: those of feeds that `commission_feeds` knows. -#}
{% macro folded_commissions() -%}
    (
        select pulled.commission_key
        from (select * from {{ ref('int_commissions__pulled') }}) as pulled
        inner join (select * from {{ ref('commission_feeds') }}) as feeds on pulled.feed = feeds.feed
    ) as folded
{%- endmacro %}
