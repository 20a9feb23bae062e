# ruff: noqa: RUF001 - names in Cyrillic are intended
"""Names of people, cities and companies, in the scripts that real agencies meet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Locale:
    """`given` and `family` are native names, each with its spelling in an email address."""

    country_code: str
    country_name: str
    phone_prefix: str
    places: tuple[tuple[str, str, str], ...]  # city, state name, state code
    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]
    name_format: str = "{0} {1}"


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (native, ascii_form or native.lower())
        for native, _, ascii_form in (word.partition("=") for word in text.split())
    )


def _places(text: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((city, state, code) for city, state, code in (line.split("/") for line in text.split("; ")))


LOCALES = (
    Locale(
        "US",
        "United States",
        "+1 555 01",
        _places("Austin/Texas/TX; Chicago/Illinois/IL; Denver/Colorado/CO; Boston/Massachusetts/MA; Dallas/Texas/TX"),
        _pairs("Olivia Noah Emma Liam Ava Ethan Sophia Mason Harper Logan"),
        _pairs("Carter Nguyen Mitchell Brooks O'Neill=oneill Ramirez Foster Hayes Coleman Bennett"),
    ),
    Locale(
        "GB",
        "United Kingdom",
        "+44 7700 9",
        _places("London/England/ENG; Leeds/England/ENG; Edinburgh/Scotland/SCT; Cardiff/Wales/WLS"),
        _pairs("Amelia Oliver Isla George Siân=sian Callum Freya Alfie"),
        _pairs("Hughes Patel Clarke Murray Lloyd Okafor Whitaker Ashdown"),
    ),
    Locale(
        "DE",
        "Germany",
        "+49 151 555",
        _places("München/Bayern/BY; Köln/Nordrhein-Westfalen/NW; Düsseldorf/Nordrhein-Westfalen/NW; Berlin/Berlin/BE"),
        _pairs("Jürgen=juergen Käthe=kaethe Lukas Mia Björn=bjoern Annika Matthias Sören=soeren"),
        _pairs(
            "Müller=mueller Schröder=schroeder Weiß=weiss Köhler=koehler Becker Größing=groessing Vogel Jäger=jaeger"
        ),
    ),
    Locale(
        "FR",
        "France",
        "+33 6 55 5",
        _places("Paris/Île-de-France/IDF; Lyon/Auvergne-Rhône-Alpes/ARA; Besançon/Bourgogne-Franche-Comté/BFC"),
        _pairs("Éléonore=eleonore François=francois Zoé=zoe Jérôme=jerome Maëlys=maelys Hugo Chloé=chloe Loïc=loic"),
        _pairs("Lefèvre=lefevre Gauthier Moreau Béranger=beranger Dupré=dupre Garçon=garcon Noël=noel Petit"),
    ),
    Locale(
        "PL",
        "Poland",
        "+48 555 5",
        _places("Kraków/Małopolskie/MA; Łódź/Łódzkie/LD; Wrocław/Dolnośląskie/DS; Gdańsk/Pomorskie/PM"),
        _pairs("Łukasz=lukasz Małgorzata=malgorzata Paweł=pawel Agnieszka Żaneta=zaneta Michał=michal Zofia Krzysztof"),
        _pairs("Wiśniewski=wisniewski Zając=zajac Dąbrowska=dabrowska Kowalczyk Błaszczyk=blaszczyk Król=krol Nowak"),
    ),
    Locale(
        "BR",
        "Brazil",
        "+55 11 95555",
        _places("São Paulo/São Paulo/SP; Florianópolis/Santa Catarina/SC; Brasília/Distrito Federal/DF"),
        _pairs("João=joao Conceição=conceicao Thaís=thais André=andre Letícia=leticia Caio Inês=ines Mateus"),
        _pairs("Gonçalves=goncalves Araújo=araujo Magalhães=magalhaes Assunção=assuncao Lima Barbosa Sá=sa"),
    ),
    Locale(
        "UA",
        "Ukraine",
        "+380 50 555",
        _places("Київ/Київська область/32; Львів/Львівська область/46; Одеса/Одеська область/51"),
        _pairs("Олена=olena Андрій=andrii Наталія=nataliia Тарас=taras Софія=sofiia Дмитро=dmytro Ірина=iryna"),
        _pairs("Шевченко=shevchenko Коваленко=kovalenko Бондаренко=bondarenko Ткачук=tkachuk Мельник=melnyk"),
    ),
    Locale(
        "AE",
        "United Arab Emirates",
        "+971 50 555",
        _places("دبي/إمارة دبي/DU; أبوظبي/إمارة أبوظبي/AZ; الشارقة/إمارة الشارقة/SH"),
        _pairs("فاطمة=fatima يوسف=yousef ليلى=layla خالد=khaled مريم=maryam عمر=omar نور=noor"),
        _pairs("الهاشمي=alhashimi المنصوري=almansoori الفارسي=alfarsi حداد=haddad الشامسي=alshamsi"),
    ),
    Locale(
        "JP",
        "Japan",
        "+81 90 5555",
        _places("東京/東京都/13; 大阪/大阪府/27; 札幌/北海道/01"),
        _pairs("葵=aoi 蓮=ren 美咲=misaki 大翔=hiroto 陽菜=hina 健太=kenta 結衣=yui"),
        _pairs("佐藤=sato 鈴木=suzuki 高橋=takahashi 渡辺=watanabe 伊藤=ito 斎藤=saito"),
        "{1} {0}",
    ),
    Locale(
        "CN",
        "China",
        "+86 155 5555",
        _places("上海/上海市/SH; 深圳/广东省/GD; 成都/四川省/SC"),
        _pairs("伟=wei 秀英=xiuying 敏=min 强=qiang 雪梅=xuemei 志明=zhiming 晓燕=xiaoyan"),
        _pairs("王=wang 李=li 张=zhang 刘=liu 陈=chen 欧阳=ouyang"),
        "{1}{0}",
    ),
    Locale(
        "KR",
        "South Korea",
        "+82 10 5555",
        _places("서울/서울특별시/11; 부산/부산광역시/26; 대전/대전광역시/30"),
        _pairs("민준=minjun 서연=seoyeon 지우=jiwoo 하은=haeun 도윤=doyun 수아=sua"),
        _pairs("김=kim 이=lee 박=park 최=choi 정=jung 강=kang"),
        "{1}{0}",
    ),
    Locale(
        "IN",
        "India",
        "+91 95555 5",
        _places("मुंबई/महाराष्ट्र/MH; नई दिल्ली/दिल्ली/DL; Bengaluru/Karnataka/KA"),
        _pairs("अनन्या=ananya आरव=aarav प्रिया=priya विक्रम=vikram Deepika Rahul ईशा=isha"),
        _pairs("शर्मा=sharma पटेल=patel गुप्ता=gupta Iyer Krishnan सिंह=singh"),
    ),
)


@dataclass(frozen=True)
class Persona:
    """A full name and its spelling in an email address; a million people share a few hundred personas."""

    locale: Locale
    full_name: str
    email_given: str
    email_family: str


PERSONAS = tuple(
    Persona(locale, locale.name_format.format(given[0], family[0]), given[1], family[1])
    for locale in LOCALES
    for given in locale.given
    for family in locale.family
)

COMPANY_FIRST_WORDS = (
    "Northwind",
    "Blaustein",
    "Ærø Shipping",
    "Fjällräven Labs",
    "São Bento",
    "Łabędź",
    "Оріон",
    "Звезда",
    "النخيل",
    "青山",
    "华新",
    "한빛",
    "सूर्य",
    "Crestline",
    "Harbour & Finch",
    "Maison Déléage",
    "Quartz",
    "Redwood",
    "Tidewater",
    "Ümlaut",
)
COMPANY_LAST_WORDS = (
    "Group",
    "GmbH",
    "S.A.",
    "Ltd",
    "Partners",
    "Technologies",
    "Health",
    "Logistics",
    "株式会社",
    "Sp. z o.o.",
    "Inc.",
)


def company_name(number: int) -> str:
    """Return a name for each number; after all combinations of words, a series number is added."""
    first = COMPANY_FIRST_WORDS[number % len(COMPANY_FIRST_WORDS)]
    last = COMPANY_LAST_WORDS[(number // len(COMPANY_FIRST_WORDS)) % len(COMPANY_LAST_WORDS)]
    series = number // (len(COMPANY_FIRST_WORDS) * len(COMPANY_LAST_WORDS))
    return f"{first} {last}" if series == 0 else f"{first} {series + 1} {last}"


def persona(bits: int) -> Persona:
    return PERSONAS[bits % len(PERSONAS)]
