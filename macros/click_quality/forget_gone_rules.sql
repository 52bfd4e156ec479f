{#- Post-hook: a version that the seed no longer has goes, when the seed's other versions are all in force: one
    that was never used. A version that has judged is protected by rules_may_change. -#}
{% macro forget_gone_rules(seed) -%}
    delete from {{ this }}
    where
        rule_id || ' ' || cast(version as varchar(20)) not in (
            select rule_id || ' ' || cast(version as varchar(20)) from {{ ref(seed) }}
        )
        and valid_from > (
            select {{ "coalesce(max(clicked_at), " ~ beginning_of_time() ~ ") from "
                ~ judged_clicks() if judged_clicks() else beginning_of_time() }}
        )
{%- endmacro %}
