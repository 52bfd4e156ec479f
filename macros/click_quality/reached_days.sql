{#- How far a change of the verdicts of some reporting days reaches, as a list of three days (yyyymmdd): the first and the last whose
    clicks can lie within a window of theirs, and the first on which a stored chain began that has a click in between. Without
    days all three lie after every day. -#}
{% macro reached_days(days) -%}
    {%- if not days -%}
        {{ return([99999999, 99999999, 99999999]) }}
    {%- endif -%}
    {%- set seconds = first_column(
        'select max(window_seconds) from ' ~ ref('int_uniqueness_rules__in_force')
    )[0] -%}
    {#- Days are of the reporting time zone, and a window may begin at the end of one. -#}
    {%- set reach = seconds // 86400 + 2 -%}
    {%- set first_day = days_around([days | min], reach, 0) | first -%}
    {%- set last_day = days_around([days | max], 0, reach) | last -%}
    {%- set begun = first_column(
        'select min(' ~ reporting_date_key('chain_started_at') ~ ') from ' ~ this
        ~ ' where date_key between ' ~ first_day ~ ' and ' ~ last_day
    )[0] -%}
    {{ return([first_day, last_day, [first_day, begun or first_day] | min]) }}
{%- endmacro %}
