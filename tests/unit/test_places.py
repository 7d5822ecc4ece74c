"""The table of divisions, and what texts people type mean in it."""

from __future__ import annotations

import json

import brotli
import pytest

from tianbao.data import read_divisions
from tianbao.domain.places import (
    Ancestry,
    Candidates,
    Gazetteer,
    Level,
    Place,
    Resolved,
    Unresolved,
    province_tree,
)

PLACES = Gazetteer.from_bytes(read_divisions())


def names_of(found: Candidates) -> list[str]:
    return [place.full_name for place in found.places]


def codes_below(code: str, deepest: Level) -> list[str]:
    """The codes of all places inside a place, each right before those inside it."""
    return [
        inner
        for place in PLACES.children(code)
        if place.level <= deepest
        for inner in (place.code, *codes_below(place.code, deepest))
    ]


# the table


def test_a_place_knows_its_names_its_level_and_what_is_around_it():
    assert PLACES.place("130636") == Place("130636", "顺平县", "河北省保定市顺平县", Level.COUNTY, "130600")
    assert PLACES.place("130636100") == Place(
        "130636100", "蒲阳镇", "河北省保定市顺平县蒲阳镇", Level.TOWNSHIP, "130636"
    )
    assert PLACES.place("130000") == Place("130000", "河北省", "河北省", Level.PROVINCE, "")


@pytest.mark.parametrize("text", ["130699", "13", "1306361", "", "顺平县", "１３０６３６"])
def test_what_is_no_code_is_no_place(text):
    assert PLACES.place(text) is None
    assert not PLACES.is_code(text)
    assert PLACES.full_name(text) == text
    assert PLACES.english_name(text) == text
    assert PLACES.ancestry(text) is None


@pytest.mark.parametrize(
    ("code", "around"), [("110100", "110000"), ("500200", "500000"), ("419000", "410000"), ("620201", "620200")]
)
def test_a_code_that_is_no_place_of_its_own_stands_for_the_place_around_it(code, around):
    assert PLACES.is_code(code)
    assert PLACES.place(code) == PLACES.place(around)
    assert PLACES.resolve(code) == Resolved(around, "")


def test_no_placeholder_is_ever_shown():
    shown = {PLACES.place(code).name for code in codes_below("", Level.COUNTY)}
    assert {"顺平县", "济源市", "石河子市", "东莞市", "云阳县", "香港特别行政区"} <= shown
    assert not {name for name in shown if name in ("市辖区", "县", "") or "行政区划" in name}


@pytest.mark.parametrize(
    ("code", "full_name", "ancestry"),
    [
        ("110101", "北京市东城区", Ancestry("110000", "", "110101")),
        ("500235", "重庆市云阳县", Ancestry("500000", "", "500235")),
        ("419001", "河南省济源市", Ancestry("410000", "", "419001")),
        ("659001", "新疆维吾尔自治区石河子市", Ancestry("650000", "", "659001")),
        ("441900119", "广东省东莞市长安镇", Ancestry("440000", "441900", "")),
        ("442000118", "广东省中山市小榄镇", Ancestry("440000", "442000", "")),
        ("460400100", "海南省儋州市那大镇", Ancestry("460000", "460400", "")),
        ("620201100", "甘肃省嘉峪关市新城镇", Ancestry("620000", "620200", "")),
        ("130636100", "河北省保定市顺平县蒲阳镇", Ancestry("130000", "130600", "130636")),
        ("419001001", "河南省济源市沁园街道", Ancestry("410000", "", "419001")),
        ("810000", "香港特别行政区", Ancestry("810000", "", "")),
    ],
)
def test_levels_that_are_left_out_are_left_out_everywhere(code, full_name, ancestry):
    assert PLACES.full_name(code) == full_name
    assert PLACES.ancestry(code) == ancestry


def test_children_are_the_places_directly_inside():
    assert len(PLACES.children("")) == 34
    assert [place.name for place in PLACES.children("620200")] == [
        "雄关街道",
        "钢城街道",
        "新城镇",
        "峪泉镇",
        "文殊镇",
    ]
    assert "蒲阳镇" in [place.name for place in PLACES.children("130636")]
    assert PLACES.children("110000")[0].code == "110101"
    assert PLACES.children("810000") == ()
    assert PLACES.children("130699") == ()


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        ("130600", "130636100", True),
        ("130636", "130636", True),
        ("130636", "130600", False),
        ("110100", "110101", True),
        ("140000", "130636", False),
        ("130600", "130699", False),
    ],
)
def test_one_place_contains_another(outer, inner, holds):
    assert PLACES.contains(outer, inner) is holds


@pytest.mark.parametrize(
    ("code", "english"),
    [
        ("130636", "Shunping, Baoding, Hebei"),
        ("610100", "Xi'an, Shaanxi"),
        ("150100", "Hohhot, Inner Mongolia"),
        ("500000", "Chongqing"),
        ("140400", "Changzhi, Shanxi"),
        ("140428", "Zhangzi, Changzhi, Shanxi"),
        ("340300", "Bengbu, Anhui"),
        ("341500", "Lu'an, Anhui"),
        ("350200", "Xiamen, Fujian"),
        ("511100", "Leshan, Sichuan"),
        ("330382", "Yueqing, Wenzhou, Zhejiang"),
        ("341621", "Guoyang, Bozhou, Anhui"),
        ("410182", "Xingyang, Zhengzhou, Henan"),
        ("440113", "Panyu, Guangzhou, Guangdong"),
        ("331000", "Taizhou, Zhejiang"),
        ("341021", "Shexian, Huangshan, Anhui"),
        ("371522", "Shenxian, Liaocheng, Shandong"),
        ("331100", "Lishui, Zhejiang"),
        ("131025", "Daicheng, Langfang, Hebei"),
        ("410621", "Xunxian, Hebi, Henan"),
        ("652823", "Yuli, Bayingolin, Xinjiang"),
        ("361124", "Yanshan, Shangrao, Jiangxi"),
        ("371524", "Dong'e, Liaocheng, Shandong"),
        ("411221", "Mianchi, Sanmenxia, Henan"),
        ("340722", "Zongyang, Tongling, Anhui"),
        ("370612", "Muping, Yantai, Shandong"),
        ("371722", "Shanxian, Heze, Shandong"),
        ("141024", "Hongtong, Linfen, Shanxi"),
        ("141100", "Lüliang, Shanxi"),
        ("810000", "Hong Kong"),
    ],
)
def test_readings_are_those_of_the_places(code, english):
    assert PLACES.english_name(code) == english


def test_a_bundle_that_is_cut_is_refused():
    with pytest.raises(ValueError, match="cut"):
        Gazetteer.from_bytes(read_divisions()[:-1000])


# free text: one place

ONE_PLACE = [
    # names from the outer place inwards, with and without suffixes
    ("河北保定顺平", "河北省保定市顺平县", ""),
    ("河北省保定市顺平县", "河北省保定市顺平县", ""),
    ("顺平县", "河北省保定市顺平县", ""),
    ("顺平", "河北省保定市顺平县", ""),
    ("河北顺平", "河北省保定市顺平县", ""),
    ("保定市顺平县河口乡", "河北省保定市顺平县河口乡", ""),
    ("保定河口乡", "河北省保定市顺平县河口乡", ""),
    ("保定顺平蒲阳", "河北省保定市顺平县蒲阳镇", ""),
    ("蒲阳镇", "河北省保定市顺平县蒲阳镇", ""),
    ("河北省保定市顺平县蒲阳镇北关村12号", "河北省保定市顺平县蒲阳镇", "北关村12号"),
    ("河北保定顺平北关村12号", "河北省保定市顺平县", "北关村12号"),
    ("河北保定顺平 北关村12号", "河北省保定市顺平县", "北关村12号"),
    ("中国河北保定", "河北省保定市", ""),
    ("中华人民共和国河北省保定市", "河北省保定市", ""),
    # codes
    ("130636", "河北省保定市顺平县", ""),
    (" 130636100\n", "河北省保定市顺平县蒲阳镇", ""),
    ("１３０６３６", "河北省保定市顺平县", ""),
    # punctuation, spaces, width
    ("河北 保定·顺平", "河北省保定市顺平县", ""),
    ("河北-保定-顺平", "河北省保定市顺平县", ""),
    ("河北　保定　顺平。", "河北省保定市顺平县", ""),
    ("河北省，保定市，顺平县（蒲阳镇）", "河北省保定市顺平县蒲阳镇", ""),
    ("河 北 保 定 顺 平", "河北省保定市顺平县", ""),
    ("⾦沙县", "贵州省毕节市金沙县", ""),
    # levels that are left out, townships right below their city
    ("北京市朝阳区", "北京市朝阳区", ""),
    ("北京东城", "北京市东城区", ""),
    ("北京市市辖区东城区", "北京市东城区", ""),
    ("重庆云阳", "重庆市云阳县", ""),
    ("河南济源", "河南省济源市", ""),
    ("济源市沁园街道", "河南省济源市沁园街道", ""),
    ("湖北仙桃", "湖北省仙桃市", ""),
    ("新疆石河子", "新疆维吾尔自治区石河子市", ""),
    ("东莞长安", "广东省东莞市长安镇", ""),
    ("广东东莞虎门镇", "广东省东莞市虎门镇", ""),
    ("嘉峪关", "甘肃省嘉峪关市", ""),
    # autonomous places, short forms
    ("延边", "吉林省延边朝鲜族自治州", ""),
    ("恩施", "湖北省恩施土家族苗族自治州", ""),
    ("恩施州", "湖北省恩施土家族苗族自治州", ""),
    ("恩施市", "湖北省恩施土家族苗族自治州恩施市", ""),
    ("红河", "云南省红河哈尼族彝族自治州", ""),
    ("广西三江", "广西壮族自治区柳州市三江侗族自治县", ""),
    ("三江县", "广西壮族自治区柳州市三江侗族自治县", ""),
    ("三江自治县", "广西壮族自治区柳州市三江侗族自治县", ""),
    ("新疆", "新疆维吾尔自治区", ""),
    ("内蒙", "内蒙古自治区", ""),
    ("内蒙科右前旗", "内蒙古自治区兴安盟科尔沁右翼前旗", ""),
    ("东乡族自治县", "甘肃省临夏回族自治州东乡族自治县", ""),
    # one letter for a province, confirmed by what follows
    ("冀保定", "河北省保定市", ""),
    ("京海淀", "北京市海淀区", ""),
    ("粤深圳南山", "广东省深圳市南山区", ""),
    ("黑龙江", "黑龙江省", ""),
    ("黑龙江哈尔滨 道外", "黑龙江省哈尔滨市道外区", ""),
    ("黑龙江龙江", "黑龙江省齐齐哈尔市龙江县", ""),
    # former names
    ("襄樊", "湖北省襄阳市", ""),
    ("湖北襄樊", "湖北省襄阳市", ""),
    ("思茅", "云南省普洱市", ""),
    ("思茅区", "云南省普洱市思茅区", ""),
    ("中甸", "云南省迪庆藏族自治州香格里拉市", ""),
    ("蓟县", "天津市蓟州区", ""),
    ("满城县", "河北省保定市满城区", ""),
    ("河北保定满城县神星镇", "河北省保定市满城区神星镇", ""),
    ("通县", "北京市通州区", ""),
    ("大同县", "山西省大同市云州区", ""),
    ("上海南汇", "上海市浦东新区", ""),
    ("保定地区", "河北省保定市", ""),
    # the same letters, other places
    ("吉林市", "吉林省吉林市", ""),
    ("吉林吉林", "吉林省吉林市", ""),
    ("河北区", "天津市河北区", ""),
    ("天津河北", "天津市河北区", ""),
    ("济南市中区", "山东省济南市市中区", ""),
    ("海西乌兰", "青海省海西蒙古族藏族自治州乌兰县", ""),
    ("承德", "河北省承德市", ""),
    ("承德县", "河北省承德市承德县", ""),
    # roads and institutions are not the places in their names
    ("保定市顺平路5号", "河北省保定市", "顺平路5号"),
    ("河北保定顺平路5号", "河北省保定市", "顺平路5号"),
    ("上海市南京东路100号", "上海市", "南京东路100号"),
    ("北京市海淀区中关村", "北京市海淀区", "中关村"),
    ("保定市顺平中学", "河北省保定市", "顺平中学"),
    ("顺平县河口村", "河北省保定市顺平县", "河口村"),
    ("重庆市江北机场", "重庆市", "江北机场"),
    # Hong Kong, Macao, Taiwan: the province-level code, the district kept
    ("香港", "香港特别行政区", ""),
    ("香港九龙油尖旺区", "香港特别行政区", "九龙油尖旺区"),
    ("澳门大堂区", "澳门特别行政区", "大堂区"),
    ("台湾台北市大安区", "台湾省", "台北市大安区"),
    ("台北", "台湾省", "台北"),
    # pinyin, English
    ("Shunping", "河北省保定市顺平县", ""),
    ("Baoding Shunping", "河北省保定市顺平县", ""),
    ("baodingshunping", "河北省保定市顺平县", ""),
    ("Hebei Province, Baoding City, Shunping County", "河北省保定市顺平县", ""),
    ("Shunping, Baoding, Hebei", "河北省保定市顺平县", ""),
    ("5 Main Street, Shunping County, Baoding", "河北省保定市顺平县", "5 Main Street"),
    ("Bǎodìng, Shùnpíng, Main Street", "河北省保定市顺平县", "Main Street"),
    ("baoding顺平", "河北省保定市顺平县", ""),
    ("Chaoyang, Beijing", "北京市朝阳区", ""),
    ("Zhongshan, Dalian", "辽宁省大连市中山区", ""),
    ("Xi'an, Shaanxi", "陕西省西安市", ""),
    ("Luan", "安徽省六安市", ""),
    ("liuan", "安徽省六安市", ""),
    ("lvliang, shanxi", "山西省吕梁市", ""),
    ("Ürümqi", "新疆维吾尔自治区乌鲁木齐市", ""),
    ("Inner Mongolia", "内蒙古自治区", ""),
    ("Hong Kong", "香港特别行政区", ""),
    ("Tibet, China", "西藏自治区", ""),
]


@pytest.mark.parametrize(("text", "full_name", "rest"), ONE_PLACE)
def test_a_text_that_names_one_place_is_resolved(text, full_name, rest):
    found = PLACES.resolve(text)
    assert isinstance(found, Resolved)
    assert (PLACES.full_name(found.code), found.rest) == (full_name, rest)


# free text: several places, or a doubt

CANDIDATES = [
    ("鼓楼区", ["江苏省南京市鼓楼区", "江苏省徐州市鼓楼区", "福建省福州市鼓楼区", "河南省开封市鼓楼区"]),
    ("河北省秦皇岛市北戴河", ["河北省秦皇岛市北戴河区", "河北省秦皇岛市北戴河新区"]),
    ("吉林", ["吉林省", "吉林省吉林市"]),
    ("河北", ["河北省", "天津市河北区"]),
    ("西安", ["陕西省西安市", "吉林省辽源市西安区", "黑龙江省牡丹江市西安区"]),
    ("南海市", ["广东省佛山市禅城区", "广东省佛山市南海区"]),
    ("雄安新区", ["河北省保定市容城县", "河北省保定市安新县", "河北省保定市雄县"]),
    ("蒲阳", ["河北省保定市顺平县蒲阳镇", "四川省成都市都江堰市蒲阳街道"]),
    ("Shanxi", ["山西省", "陕西省"]),
    # a doubt, with one place to say yes to
    ("冀", ["河北省"]),
    ("沪", ["上海市"]),
    ("顺平市", ["河北省保定市顺平县"]),
    ("南京路", ["江苏省南京市"]),
    ("北京大学", ["北京市"]),
    ("三明治店", ["福建省三明市"]),
    ("东方红村", ["海南省东方市"]),
    ("深圳科技园", ["广东省深圳市"]),
    ("中关村", ["北京市海淀区中关村街道"]),
    # two places
    ("河北省太原市", ["河北省", "山西省太原市"]),
    ("河北太原小店区", ["河北省", "天津市河北区", "山西省太原市小店区"]),
    ("石家庄顺平县", ["河北省石家庄市", "河北省保定市顺平县"]),
    ("四川省重庆市", ["四川省", "重庆市"]),
    ("武汉-保定", ["湖北省武汉市", "河北省保定市"]),
    ("保定市和石家庄市", ["河北省保定市", "河北省石家庄市"]),
    ("张家口赤城镇宁堡北关", ["河北省张家口市赤城县赤城镇", "河北省张家口市赤城县镇宁堡乡"]),
    ("海西乌兰浩特", ["青海省海西蒙古族藏族自治州", "内蒙古自治区兴安盟乌兰浩特市"]),
]


@pytest.mark.parametrize(("text", "full_names"), CANDIDATES)
def test_what_is_not_certain_is_asked(text, full_names):
    found = PLACES.resolve(text)
    assert isinstance(found, Candidates)
    assert names_of(found) == full_names


@pytest.mark.parametrize(
    ("text", "first", "count_min"),
    [
        ("城关镇", "天津市武清区城关镇", 80),
        ("城关", "西藏自治区拉萨市城关区", 80),
        ("朝阳", "辽宁省朝阳市", 4),
        ("三江", "广西壮族自治区柳州市三江侗族自治县", 20),
        ("bdsp", "河北省保定市顺平县", 2),
        ("sp", "吉林省四平市", 20),
        ("bj", "北京市", 5),
        ("河口", "山东省东营市河口区", 20),
    ],
)
def test_of_many_the_larger_places_come_first(text, first, count_min):
    found = PLACES.resolve(text)
    assert isinstance(found, Candidates)
    assert names_of(found)[0] == first
    assert len(found.places) >= count_min


def test_the_rest_of_a_doubtful_text_is_kept():
    assert PLACES.resolve("河北省太原市").rest == "太原市"
    assert PLACES.resolve("深圳科技园").rest == "科技园"


ABROAD = [
    "Paris",
    "London",
    "New York",
    "Tokyo, Japan",
    "Lima",
    "Dubai",
    "日本东京",
    "巴黎",
    "曼谷",
    "韩国首尔",
    "Москва",
]
NO_PLACE = ["", " ", "\x00", "\ud800", "😀", "...", "我家", "无", "没有出门", "京港澳高速", "home", "hotel"]
TOO_LITTLE = ["县", "镇", "市辖区", "a", "1", "999999", "130699", "12345678901234567890", "Shunpin"]


@pytest.mark.parametrize("text", [*ABROAD, *NO_PLACE, *TOO_LITTLE])
def test_what_names_no_place_here_stays_as_typed(text):
    assert PLACES.resolve(text) == Unresolved(text)


ABROAD_WITH_NAMESAKES = [
    *(
        "河内",
        "万象",
        "大田",
        "柏林",
        "米兰",
        "罗马",
        "吉隆坡",
        "新德里",
        "苏丹",
        "蒙古",
        "朝鲜",
        "东京",
        "仁川",
        "釜山",
        "金边",
    ),
    *("Mali", "Milan", "Berlin", "Bali", "Guam", "Texas", "Japan", "Korea", "Yemen", "USA", "Dili", "LA"),
]


@pytest.mark.parametrize("text", ABROAD_WITH_NAMESAKES)
def test_a_place_abroad_is_never_taken_for_one_here(text):
    assert not isinstance(PLACES.resolve(text), Resolved)


ITINERARIES = [
    ("湖北省武汉市江夏区纸坊街道兴新街", "湖北省武汉市江夏区纸坊街道", "兴新街"),
    ("武汉江汉区 华南海鲜市场", "湖北省武汉市江汉区", "华南海鲜市场"),
    ("北京丰台新发地", "北京市丰台区", "新发地"),
    ("石家庄藁城区增村镇小果庄", "河北省石家庄市藁城区增村镇", "小果庄"),
    ("河北石家庄藁城市", "河北省石家庄市藁城区", ""),
    ("黑龙江绥芬河口岸", "黑龙江省牡丹江市绥芬河市", "口岸"),
    ("云南瑞丽姐告", "云南省德宏傣族景颇族自治州瑞丽市", "姐告"),
    ("内蒙古额济纳旗达来呼布镇", "内蒙古自治区阿拉善盟额济纳旗达来呼布镇", ""),
    ("新疆喀什疏附县站敏乡", "新疆维吾尔自治区喀什地区疏附县站敏乡", ""),
    ("广东省深圳市龙岗区坂田街道吉华路", "广东省深圳市龙岗区坂田街道", "吉华路"),
    ("南京禄口", "江苏省南京市江宁区禄口街道", ""),
    ("扬州市广陵区曲江街道办事处", "江苏省扬州市广陵区曲江街道", ""),
    ("上海浦东周浦", "上海市浦东新区周浦镇", ""),
    ("天津滨海新区大港", "天津市滨海新区", "大港"),
    ("廊坊燕郊", "河北省廊坊市三河市燕郊镇", ""),
    ("佛山南海桂城", "广东省佛山市南海区桂城街道", ""),
    ("四川成都郫县", "四川省成都市郫都区", ""),
    ("湖南湘西凤凰", "湖南省湘西土家族苗族自治州凤凰县", ""),
    ("贵州茅台镇", "贵州省遵义市仁怀市茅台镇", ""),
    ("舒兰", "吉林省吉林市舒兰市", ""),
    ("北京昌平回龙观", "北京市昌平区回龙观街道", ""),
    ("保定顺平回民村", "河北省保定市顺平县", "回民村"),
]


@pytest.mark.parametrize(("text", "full_name", "rest"), ITINERARIES)
def test_places_of_journeys_as_people_write_them(text, full_name, rest):
    found = PLACES.resolve(text)
    assert isinstance(found, Resolved)
    assert (PLACES.full_name(found.code), found.rest) == (full_name, rest)


@pytest.mark.parametrize(
    ("text", "full_names"),
    [
        ("大连金普新区", ["辽宁省大连市"]),
        ("云南省德宏州瑞丽市勐卯镇", ["云南省德宏傣族景颇族自治州瑞丽市勐卯街道"]),
        ("西安咸阳机场", ["陕西省西安市", "吉林省辽源市西安区", "黑龙江省牡丹江市西安区"]),
        ("重庆江北机场", ["重庆市"]),
        ("保定顺平到石家庄", ["河北省保定市顺平县", "河北省石家庄市"]),
        ("保定顺平去北京", ["河北省保定市顺平县", "北京市"]),
    ],
)
def test_places_of_journeys_that_leave_a_doubt(text, full_names):
    found = PLACES.resolve(text)
    assert isinstance(found, Candidates)
    assert names_of(found) == full_names


def test_a_long_text_is_read_from_its_beginning_and_kept_whole():
    text = "河北省保定市顺平县 " + "某某路" * 200 + "太原市"
    assert PLACES.resolve(text) == Resolved("130636", text.removeprefix("河北省保定市顺平县 "))


# suggestions


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("bdsp", "河北省保定市顺平县"),
        ("hbbdsp", "河北省保定市顺平县"),
        ("bdsspx", "河北省保定市顺平县"),
        ("保定顺平", "河北省保定市顺平县"),
        ("保定顺", "河北省保定市顺平县"),
        ("保定市顺平", "河北省保定市顺平县"),
        ("baoding shunping", "河北省保定市顺平县"),
        ("baodingshunping", "河北省保定市顺平县"),
        ("baodingshunp", "河北省保定市顺平县"),
        ("Shunping County", "河北省保定市顺平县"),
        ("顺平", "河北省保定市顺平县"),
        ("顺", "北京市顺义区"),
        ("蒲阳镇", "河北省保定市顺平县蒲阳镇"),
        ("顺平蒲阳", "河北省保定市顺平县蒲阳镇"),
        ("bd顺平", "河北省保定市顺平县"),
        ("保定sp", "河北省保定市顺平县"),
        ("bd", "河北省保定市"),
        ("h", "河北省"),
        ("hb", "河北省"),
        ("xian", "陕西省西安市"),
        ("东莞ca", "广东省东莞市长安镇"),
        ("北京朝", "北京市朝阳区"),
        ("襄樊", "湖北省襄阳市"),
        ("inner m", "内蒙古自治区"),
        ("liuan", "安徽省六安市"),
        ("130636", "河北省保定市顺平县"),
        ("台北", "台湾省"),
    ],
)
def test_suggestions_begin_with_what_was_most_likely_meant(typed, first):
    suggested = PLACES.suggest(typed, 12)
    assert suggested[0].full_name == first
    assert len(suggested) <= 12
    assert len(set(suggested)) == len(suggested)


def test_initials_suggest_small_places_after_large_ones():
    suggested = PLACES.suggest("sp", 12)
    assert [place.full_name for place in suggested[:2]] == ["吉林省四平市", "河北省保定市顺平县"]


@pytest.mark.parametrize("typed", ["", " ", "qqqq", "Paris", "😀", "\ud800\x00"])
def test_nothing_is_suggested_for_what_begins_no_place(typed):
    assert PLACES.suggest(typed, 12) == []


# the picker's trees


def codes_in(branches: list, before: str) -> list[str]:
    """The codes of a tree, as its docstring says."""
    codes = []
    for digits, _, _, *inside in branches:
        code = before + digits
        codes += [code.ljust(6, "0"), *codes_in(inside[0] if inside else [], code)]
    return codes


def test_a_tree_has_every_place_of_its_province():
    for province in PLACES.children(""):
        inside = codes_below(province.code, Level.TOWNSHIP)
        assert codes_in(province_tree(PLACES, province.code), province.code[:2]) == inside
        assert len(inside) > 90 or province.name in ("台湾省", "香港特别行政区", "澳门特别行政区")


def test_a_branch_has_its_digits_name_and_initials():
    baoding = next(city for city in province_tree(PLACES, "13") if city[0] == "06")
    assert baoding[:3] == ["06", "保定市", "bd"]
    shunping = next(county for county in baoding[3] if county[0] == "36")
    assert shunping[:3] == ["36", "顺平县", "sp"]
    assert shunping[3][0] == ["100", "蒲阳镇", "py"]
    jiyuan = next(county for county in province_tree(PLACES, "410000") if county[1] == "济源市")
    assert jiyuan[0] == "9001"


def test_an_unknown_province_has_no_places():
    assert province_tree(PLACES, "99") == []


def test_the_largest_province_is_small_enough_for_a_phone():
    trees = [
        json.dumps(province_tree(PLACES, place.code), ensure_ascii=False, separators=(",", ":"))
        for place in PLACES.children("")
    ]
    assert len(brotli.compress(max(trees, key=len).encode(), quality=9)) < 30_000
