{#- CTEs, from `edges` to `components`, that give every node of a relation of links the smallest node of its
    component. Every round lets each node, and the node that it is labelled with, take the smallest label of
    the labels around it, and then follows the labels once (Zhang, Azad and Hu: FastSV, 2020). A component of
    n nodes needs about log2(n) rounds; that these were enough is tested on the result, not assumed. -#}
{% macro connected_components(links, rounds) -%}
edges as (
    select identifier_id as node, other_id as neighbour
    from {{ links }}
    union
    select other_id as node, identifier_id as neighbour
    from {{ links }}
),

labels_0 as (
    select node, min(least(node, neighbour)) as label
    from edges
    group by node
),
{% for number in range(1, rounds + 1) %}
parents_{{ number }} as (
    select labels.node, labels.label, parents.label as grandparent
    from labels_{{ number - 1 }} as labels
    inner join labels_{{ number - 1 }} as parents on labels.label = parents.node
),

offers_{{ number }} as (
    select node, grandparent as label
    from parents_{{ number }}
    union all
    select edges.node, around.grandparent as label
    from edges
    inner join parents_{{ number }} as around on edges.neighbour = around.node
    union all
    select own.label as node, around.grandparent as label
    from edges
    inner join parents_{{ number }} as own on edges.node = own.node
    inner join parents_{{ number }} as around on edges.neighbour = around.node
),

labels_{{ number }} as (
    select node, min(label) as label
    from offers_{{ number }}
    group by node
),
{% endfor %}
components as (
    select node, label as component
    from labels_{{ rounds }}
)
{%- endmacro %}
