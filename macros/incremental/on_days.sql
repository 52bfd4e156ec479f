{#- A condition that keeps the rows of some reporting days. Ranges of the timestamp come first, a run of
    days each and a day wider on both sides (for the time zone): engines skip blocks of rows by them. -#}
{% macro on_days(days, date_key, utc_timestamp) -%}
    {%- if not days -%}
        1 = 0
    {%- else -%}
        {%- set runs = [] -%}
        {%- set one_day = modules.datetime.timedelta(days=1) -%}
        {%- for day in days | sort -%}
            {%- set date = modules.datetime.date(day // 10000, day // 100 % 100, day % 100) -%}
            {%- if runs and date - runs[-1]['last'] <= one_day -%}
                {%- do runs[-1].update({'last': date}) -%}
            {%- else -%}
                {%- do runs.append({'first': date, 'last': date}) -%}
            {%- endif -%}
        {%- endfor -%}
        (
            {%- for run in runs %}
            (
                {{ utc_timestamp }} >= cast('{{ run["first"] - one_day }}' as timestamp)
                and {{ utc_timestamp }} < cast('{{ run["last"] + 2 * one_day }}' as timestamp)
            ) {{ 'or' if not loop.last }}
            {%- endfor %}
        )
        and {{ in_list(date_key, days) }}
    {%- endif -%}
{%- endmacro %}
