"""Forms as large as real ones get: thirty questions, two hundred choices, texts of the length that offices write."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from tianbao.domain.forms import Form, load_form

_VILLAGES = (
    "北关村 东关村 西关村 南关村 北五里岗 西五里岗 常庄村 大李各庄 小李各庄 东林水村 西林水村 亭乡村 尧城村 十里铺 "
    "王各庄 南下叔村 北下叔村 辛庄村 高于铺 杨各庄 韩家庄 郭家庄 柴各庄 坛山村 安阳村 司仓村 北大悲 南清醒 黄岩村 "
    "富有村 白云村 贾各庄 南腰山 北腰山 东魏村 西魏村 齐各庄 隆兴村 神北村 神南村 刘家营 吴家庄 苏家疃 解放村"
)
_VILLAGES_EN = (
    "Beiguan Dongguan Xiguan Nanguan Beiwuligang Xiwuligang Changzhuang Daligezhuang Xiaoligezhuang Donglinshui "
    "Xilinshui Tingxiang Yaocheng Shilipu Wanggezhuang Nanxiashu Beixiashu Xinzhuang Gaoyupu Yanggezhuang Hanjiazhuang "
    "Guojiazhuang Chaigezhuang Tanshan Anyang Sicang Beidabei Nanqingxing Huangyan Fuyou Baiyun Jiagezhuang Nanyaoshan "
    "Beiyaoshan Dongwei Xiwei Qigezhuang Longxing Shenbei Shennan Liujiaying Wujiazhuang Sujiatuan Jiefang"
)
_PEOPLES = (
    "汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 傣族 黎族 "
    "傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜族 土族"
)
_PEOPLES_EN = (
    "Han Mongol Hui Tibetan Uyghur Miao Yi Zhuang Bouyei Korean Manchu Dong Yao Bai Tujia Hani Kazakh Dai Li Lisu Va "
    "She Gaoshan Lahu Sui Dongxiang Naxi Jingpo Kyrgyz Tu"
)
_LISTS: Final[dict[str, tuple[str, str]]] = {
    "village": (_VILLAGES, _VILLAGES_EN),
    "people": (_PEOPLES, _PEOPLES_EN),
    "document": (
        "居民身份证 港澳台居民居住证 港澳居民来往内地通行证 台湾居民来往大陆通行证 护照 外国人永久居留身份证 户口簿 其他证件",
        "Resident_ID_card Residence_permit Mainland_travel_permit Taiwan_travel_permit Passport Permanent_resident_ID "
        "Household_register Other_document",
    ),
    "relation": (
        "本人 配偶 子女 父母 祖父母 孙子女 兄弟姐妹 其他亲属 雇主 非亲属",
        "Self Spouse Child Parent Grandparent Grandchild Sibling Other_relative Employer Not_related",
    ),
    "schooling": (
        "未上过学 学龄前 小学 初中 高中 中专 大专 本科 硕士研究生 博士研究生",
        "Never_at_school Below_school_age Primary_school Middle_school High_school Technical_school College Bachelor "
        "Master Doctor",
    ),
    "work": (
        "务农 务工 个体经营 企业职工 机关事业单位人员 教师 医护人员 学生 快递外卖 货车司机 退休人员 待业 家政服务 其他",
        "Farming Factory_work Own_business Company_employee Public_servant Teacher Health_worker Student Courier "
        "Lorry_driver Retired Looking_for_work Domestic_work Other_work",
    ),
    "damage": (
        "没有损坏 墙体开裂 屋顶漏雨 门窗损坏 地基下沉 进水 部分倒塌 全部倒塌",
        "No_damage Cracked_walls Leaking_roof Broken_doors_or_windows Sunken_foundation Flooded Partly_collapsed "
        "Fully_collapsed",
    ),
    "need": (
        "饮用水 食品 药品 棉被 帐篷 婴儿奶粉 尿不湿 卫生用品 手电筒 充电宝 临时住所 医疗救护 心理咨询 交通工具 房屋检测 其他需要",
        "Drinking_water Food Medicine Quilts Tents Baby_formula Nappies Hygiene_articles Torches Power_banks "
        "Temporary_shelter Medical_care Counselling Transport House_inspection Other_needs",
    ),
    "illness": (
        "没有 高血压 糖尿病 冠心病 脑卒中 慢阻肺 哮喘 肿瘤 肾病透析 精神障碍 孕产期 行动不便 视力障碍 听力障碍",
        "None High_blood_pressure Diabetes Heart_disease Stroke COPD Asthma Cancer Dialysis Mental_illness Pregnancy "
        "Limited_mobility Impaired_sight Impaired_hearing",
    ),
    "shelter": (
        "第一小学 第二中学 文化广场 镇政府礼堂 体育馆 村委会大院 亲友家中 自行安置",
        "First_primary_school Second_middle_school Culture_square Township_hall Gymnasium Village_office "
        "With_relatives Own_arrangement",
    ),
    "transport": (
        "步行 自行车 电动车 摩托车 自驾 客车 救援车辆 其他方式",
        "On_foot Bicycle Electric_bike Motorcycle Own_car Coach Rescue_vehicle Other_means",
    ),
    "yes": ("是 否", "Yes No"),
    "agree": (
        "非常满意 满意 一般 不满意 非常不满意",
        "Very_satisfied Satisfied Neutral Dissatisfied Very_dissatisfied",
    ),
    "livestock": (
        "牛 羊 猪 鸡鸭 蜜蜂 没有",
        "Cattle Sheep Pigs Poultry Bees None",
    ),
    "crop": (
        "小麦 玉米 谷子 花生 红薯 苹果 核桃 柿子 蔬菜大棚 中药材 没有",
        "Wheat Maize Millet Peanuts Sweet_potato Apples Walnuts Persimmons Greenhouse Herbs None",
    ),
    "utility": ("自来水 电 燃气 网络 手机信号 道路", "Water Electricity Gas Internet Mobile_signal Road"),
}

_QUESTIONS: Final[tuple[tuple[str, str, str, str, dict[str, Any]], ...]] = (
    # name, type, Chinese, English, more
    ("name", "text", "户主姓名", "Head of household", {"kind": "person_name", "required": True}),
    ("phone", "text", "联系电话", "Phone number", {"kind": "phone", "required": True}),
    ("id_type", "select_one document", "证件类型", "Type of document", {"required": True}),
    ("id_number", "text", "证件号码", "Number of the document", {"kind": "document", "relevant": "${id_type} != ''"}),
    ("village", "select_one village", "现居住村（社区）", "Village where you live now", {"required": True}),
    ("address", "text", "详细住址（门牌号或楼栋单元）", "Street and house number", {"kind": "address"}),
    ("people", "select_one people", "民族", "Ethnic group", {}),
    ("schooling", "select_one schooling", "文化程度", "Highest schooling", {}),
    ("work", "select_one work", "目前从事的工作", "Present occupation", {}),
    ("members", "integer", "家庭常住人口数", "People living in the household", {"constraint": ". >= 1 and . <= 30"}),
    ("elderly", "integer", "其中六十岁以上老人", "Of them over 60 years old",
     {"relevant": "${members} > 1", "constraint": ". <= ${members}"}),
    ("relation", "select_one relation", "填表人与户主关系", "You are the head's", {}),
    ("damage", "select_multiple damage", "房屋损坏情况（可多选）", "Damage to the house", {"required": True}),
    ("damage_text", "text", "请简要说明损坏部位和程度", "Describe where and how badly",
     {"appearance": ["multiline"], "relevant": "not(selected(${damage}, 'c0')) and ${damage} != ''"}),
    ("injured", "select_one yes", "家中是否有人受伤", "Is anybody injured", {"required": True}),
    ("injured_count", "integer", "受伤人数", "How many are injured",
     {"relevant": "${injured} = 'c0'", "constraint": ". <= ${members}", "required": True}),
    ("illness", "select_multiple illness", "家中有无下列病人或特殊人群", "Does anybody have", {}),
    ("medicine", "text", "每天必须服用的药品名称", "Medicines taken every day",
     {"relevant": "not(selected(${illness}, 'c0')) and ${illness} != ''"}),
    ("need", "select_multiple need", "目前急需的物资和帮助", "What is needed most urgently", {}),
    ("baby_months", "integer", "婴儿月龄（便于准备奶粉）", "Age of the baby in months",
     {"relevant": "selected(${need}, 'c5') or selected(${need}, 'c6')", "constraint": ". < 60"}),
    ("moved", "select_one yes", "是否已经转移安置", "Have you moved to a shelter", {"required": True}),
    ("shelter", "select_one shelter", "安置地点", "Shelter", {"relevant": "${moved} = 'c0'", "required": True}),
    ("moved_on", "date", "转移日期", "Day of the move",
     {"relevant": "${moved} = 'c0'", "constraint": ". <= today()"}),
    ("moved_by", "select_one transport", "转移时的交通方式", "How you got there", {"relevant": "${moved} = 'c0'"}),
    ("livestock", "select_multiple livestock", "饲养的牲畜家禽", "Livestock kept", {}),
    ("crop", "select_multiple crop", "受灾农作物", "Crops lost", {}),
    ("area", "decimal", "受灾面积（亩）", "Area lost, in mu",
     {"relevant": "${crop} != '' and not(selected(${crop}, 'c10'))"}),
    ("utility", "select_multiple utility", "目前中断的公共服务", "Services cut off at present", {}),
    ("satisfied", "select_one agree", "对救助工作是否满意", "Are you satisfied with the help", {}),
    ("consent", "acknowledge", "以上情况属实，同意用于救灾救助", "All this is true and may be used for relief",
     {"required": True}),
)  # fmt: skip


def large_form() -> Form:
    """Thirty questions, a third of them under a condition, two hundred choices in sixteen lists."""
    lists = {
        name: [
            {"name": f"c{index}", "label": {"zh-Hans": zh, "en": en.replace("_", " ")}}
            for index, (zh, en) in enumerate(zip(chinese.split(), english.split(), strict=True))
        ]
        for name, (chinese, english) in _LISTS.items()
    }
    questions = []
    for name, kind, zh, en, more in _QUESTIONS:
        kind, _, choice_list = kind.partition(" ")
        question = {"name": name, "type": kind, "label": {"zh-Hans": zh, "en": en}, **more}
        questions.append({**question, "choice_list": choice_list} if choice_list else question)
    return load_form(
        {
            "name": "flood",
            "version": 1,
            "title": {"zh-Hans": "洪涝灾害受灾家庭登记", "en": "Households hit by the flood"},
            "languages": ["zh-Hans", "en"],
            "lists": lists,
            "questions": questions,
        }
    )


_HINTS = (
    ("没有的填“无”", "Write “none” if there is none"),
    ("记不清写大概的", "Roughly is enough"),
    ("以身份证上写的为准", "As it stands on the identity card"),
    ("没带出来也没关系", "Never mind if you do not have it with you"),
    ("", ""),
)
_REASONS = (
    ("数字不对，请核对后重填", "This number cannot be right, please check it"),
    ("不能晚于今天", "Not later than today"),
    ("应在 1 至 30 之间", "Between 1 and 30"),
)


def mixed_form(seed: int) -> Form:
    """Thirty questions with two hundred choices at most, of types and conditions by chance.

    Every form has a repeat, a place, a filter, a calculation that a text names, and what else chance gives it.
    """
    chance = Random(seed)
    pick = chance.choice
    lists: dict[str, Any] = {}
    left = 200
    questions: list[dict[str, Any]] = []
    above: list[tuple[str, str]] = []
    types = [*_SIMPLE, *chance.choices(_RARE, k=6), *chance.choices(_COMMON, k=14)]
    chance.shuffle(types)
    labels = [(zh, en) for _, _, zh, en, _ in _QUESTIONS]
    chance.shuffle(labels)
    for index, (kind, (zh, en)) in enumerate(zip(types, labels, strict=False)):
        question: dict[str, Any] = {"name": f"question_{index}", "type": kind, "label": {"zh-Hans": zh, "en": en}}
        hint = pick(_HINTS)
        if hint[0]:
            question["hint"] = {"zh-Hans": hint[0], "en": hint[1]}
        if kind in ("select_one", "select_multiple", "rank"):
            name = pick(
                [name for name, (words, _) in _LISTS.items() if len(words.split()) < (9 if kind == "rank" else 50)]
            )
            chinese, english = (words.split() for words in _LISTS[name])
            if name not in lists and len(chinese) > left:
                name, chinese, english = "yes", ["是", "否"], ["Yes", "No"]
            if name not in lists:
                left -= len(chinese)
                lists[name] = [
                    {
                        "name": f"c{n}",
                        "label": {"zh-Hans": one, "en": other.replace("_", " ")},
                        "columns": {"of": str(n % 3)},
                    }
                    for n, (one, other) in enumerate(zip(chinese, english, strict=True))
                ]
            question["choice_list"] = name
        if kind == "range":
            question |= {"minimum": 0, "maximum": 10, "step": 1}
        if kind == "place":
            question |= {"type": "text", "kind": "place"}
        if above and chance.random() < 0.4 and kind != "repeat":
            question["relevant"] = _condition(pick(above), pick)
        if above and kind == "integer":
            reason = pick(_REASONS)
            question["constraint"] = ". >= 0 and . <= 30"
            question["constraint_message"] = {"zh-Hans": reason[0], "en": reason[1]}
        if kind == "calculate":
            named = pick(above)[0] if above else "question_1"
            question["calculation"] = f"if(${{{named}}} = '', 0, string-length(${{{named}}}) * 2)"
        if kind == "select_one" and above and chance.random() < 0.3:
            question["choice_filter"] = f"of = string(count-selected(${{{pick(above)[0]}}}))"
        if kind == "note" and above:
            name = pick(above)[0]
            question["label"] = {
                "zh-Hans": f"您填的是：${{{name}}}，请核对。",
                "en": f"You wrote ${{{name}}}, please check.",
            }
        if kind == "repeat":
            question["questions"] = [
                {"name": "person_name", "type": "text", "label": {"zh-Hans": "姓名", "en": "Name"}, "required": True},
                {"name": "person_age", "type": "integer", "label": {"zh-Hans": "年龄", "en": "Age"}},
                {"name": "school", "type": "text", "label": {"zh-Hans": "就读学校", "en": "School"},
                 "relevant": "${person_age} < 18"},
            ]  # fmt: skip
        elif kind not in ("note", "calculate", "acknowledge"):
            question["required"] = chance.random() < 0.5
            above.append((question["name"], question["type"]))
        questions.append(question)
    return load_form(
        {
            "name": f"mixed{seed}",
            "version": 1,
            "title": {"zh-Hans": "受灾群众情况登记表", "en": "People affected"},
            "languages": ["zh-Hans", "en"],
            "lists": lists,
            "questions": questions,
        }
    )


_SIMPLE: Final = ("text", "text", "integer", "place", "repeat", "select_one", "calculate")
_COMMON: Final = ("text", "integer", "decimal", "date", "select_one", "select_one", "select_multiple")
_RARE: Final = ("note", "calculate", "range", "rank", "geopoint", "time", "dateTime", "barcode", "image", "file")


def _condition(asked: tuple[str, str], pick: Any) -> str:
    name, kind = asked
    if kind in ("integer", "decimal", "range"):
        return f"${{{name}}} > {pick([0, 1, 5])}"
    if kind == "date":
        return f"${{{name}}} >= today() - {pick([7, 30])}"
    if kind in ("select_multiple", "rank"):
        return f"selected(${{{name}}}, 'c{pick([0, 1])}') or count-selected(${{{name}}}) > 1"
    return f"${{{name}}} != '' and not(contains(${{{name}}}, 'c1'))"
