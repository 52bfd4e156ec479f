{#- The regular expressions of Google's channel rules by the names that the seed channel_rules calls them,
    as published. They stand here because Redshift takes a pattern only as a literal. All are matched
    against lower case: "channel definitions aren't case sensitive". -#}
{% macro channel_patterns() -%}
    {{
        return({
            'medium': {
                'affiliate': '^affiliate$',
                'audio': '^audio$',
                'display': '^(display|banner|expandable|interstitial|cpm)$',
                'email': '^(email|e-mail|e_mail|e mail)$',
                'none': '^[(](not set|none)[)]$',
                'organic': '^organic$',
                'paid': '^(.*cp.*|ppc|retargeting|paid.*)$',
                'push': '(push$|mobile|notification)',
                'referral': '^(referral|app|link)$',
                'sms': '^sms$',
                'social': '^(social|social-network|social-media|sm|social network|social media)$',
                'video': '^(.*video.*)$',
            },
            'campaign': {
                'cross_network': 'cross-network',
                'shopping': '^(.*(([^a-df-z]|^)shop|shopping).*)$',
            },
        })
    }}
{%- endmacro %}
