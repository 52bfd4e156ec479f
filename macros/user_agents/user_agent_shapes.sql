{#- The shapes of user agents by the names that the seed user_agent_marks calls them: a user agent in lower
    case has the shape when one of the expressions matches and none of `unless` does. They stand here
    because Redshift takes a pattern only as a literal. A shape that has judged clicks is never changed:
    a better one gets a name and a rule version of its own. -#}
{% macro user_agent_shapes() -%}
    {#- What people's devices, systems, engines and apps call themselves. -#}
    {%- set devices = [
        '(mozilla/|opera|applewebkit|webkit|dalvik|cfnetwork|darwin|midp|cldc|safari|chrome/|mozac)',
        '(android|iphone|ipad|ipod|ios/|ios |windows phone|windows nt|win10|win7|os=mac|linux; |linux/)',
        '(symbian|ucweb|blackberry|amiga|palm|browser|hbbtv|smart-?tv|upnp|release/|maui|mre/)',
        '(nokia|samsung|sonyericsson|motorola|huawei|xiaomi|lenovo|docomo|kddi|vodafone)',
        '(^lg|^htc|^mot-|elinks|lynx|links|icecat|mosaic|fban|googleapp|microsoft office)',
        '([<>{}"]|^http)',
    ] -%}
    {%- set engines = [
        '(applewebkit|gecko|khtml|trident|msie|presto|webkit|opera|netscape|netfront|icab|servo)',
        '(konqueror|libreoffice|omniweb|uc ?browser|ucweb|ibrowse|amiga|beos|inferno|webster|polaris)',
        '(nintendo|playstation|office|brew|browser|firefox|android|hbbtv|nokia|symbian|smart|tv)',
        '(win9|win32|windows|x11|macintosh|iphone|[[][a-z][a-z]|^mozilla/[0-9.]+ [(]compatible[)]$)',
    ] -%}
    {{
        return({
            'bot_word': {
                'one_of': ['(^|[^u ]|[^c]u)bots?([^a-z0-9]|$)', '[^a-z0-9]bots?([^a-z0-9 ]|$)'],
            },
            'spider_word': {'one_of': ['spider([^ ]|$)', '[a-z] spider']},
            'scan_word': {'one_of': ['(^|[^m]|[^a]m|[^c]am)scan']},
            'fetch_word': {'one_of': ['(^|[^c]|[^a]c)fetch']},
            'rss_word': {'one_of': ['rss([^a-z]|$)']},
            'seo_word': {'one_of': ['(^|[^a-z])seo([^a-z]|$)']},
            'agent_word': {'one_of': ['agent[ /][0-9]']},
            'web_address': {
                'one_of': ['https?:/', '[^a-z0-9]www[.][a-z]'],
            },
            'host_name': {
                'one_of': [
                    '[a-z][.](com|net|org|info|io|ai|de|eu|ru|cz|fr|nl|pl|it|biz|co)([^a-z0-9.]|$)',
                ],
            },
            'mail_address': {
                'one_of': [
                    '[a-z0-9_.+-](@|[ ([]at[]) ]) ?[a-z][a-z0-9_-]+([.]|[ ([]dot)[a-z]',
                ],
            },
            'java_word': {'one_of': ['(^|[^a-z0-9_])java/[0-9]', '^java', 'jakarta']},
            'perl_word': {'one_of': ['(^|[^a-z])perl([^a-z]|$)']},
            'php_word': {'one_of': ['(^|[^a-z0-9])php([^a-z0-9]|$)']},
            'node_word': {'one_of': ['(^|[^a-z])node([^a-z]|$)']},
            'bare_product': {
                'one_of': [
                    '^[a-z0-9_ .():%?-][a-z0-9_ .():%?-][a-z0-9_ .():%?-]'
                    ~ '[a-z0-9_ .():%?-]+(/v?[0-9]+([.][0-9]+)*)?(,|$)',
                    '^[a-z0-9_-]+/[a-z0-9_]+$',
                    '^[a-z0-9_]+/[a-z0-9_()]*$',
                    '^[a-z0-9_]+/[0-9][.][0-9] [(][a-z0-9_@]+[)]$',
                    '^[a-z0-9_]*search([^a-z0-9_]|$)',
                ],
                'unless': devices,
            },
            'bare_mozilla': {
                'one_of': [
                    '^mozilla/[0-9][.][0-9] [a-z0-9_.-]+$',
                    '^mozilla/[0-9][.][0-9] [(](compatible;)? ?[a-z0-9_.-]+[ /][0-9]+[.][0-9]+[)]$',
                ],
                'unless': engines,
            },
            'no_device': {'one_of': ['[^ ][^ ][^ ][^ ]'], 'unless': devices},
            'no_engine': {'one_of': ['mozilla/'], 'unless': engines},
        })
    }}
{%- endmacro %}
