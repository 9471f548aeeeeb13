"""Chinese postal addresses that the tagger of people learns from: made ones."""

from llm.desk.people_words import Words
from llm.people_rules import words

_TAILS = words("路 街 大道 大街 巷 胡同 东路 西路 南路 北路 中路 一路 二路")
_ROADS = words(
    "人民 解放 中山 建设 和平 新华 长江 黄河 文化 友谊 江南 滨江 学院 科技 工业 迎宾 朝阳 民族 团结 兴业 振兴 光明 幸福 延安 淮海 西湖 中关村 玉林 愚园 麒麟 鲁迅 平江 白塔 泉秀 解元 翠微 石龙 高新 创业 望江 龙华 福田 天府 锦绣 东湖 南湖"
)
_ESTATES = words(
    "阳光花园 锦绣家园 绿地公馆 万科城 碧桂园 翡翠湾 世纪城 香榭里 金色家园 保利花园 学府苑 东方名都 滨江一号 和谐小区 丽景苑 御景台 凤凰城 怡景花园 大宁社区 幸福里"
)
_TOWERS = words("国际大厦 商务中心 科技园 创业园 工业园 广场 财富中心 南洋广场 物流园 软件园 批发市场 市场 大厦")
_CN = {
    "浙江省": "杭州市:西湖区,滨江区,余杭区 宁波市:海曙区,鄞州区 金华市:义乌市,婺城区 温州市:鹿城区,瓯海区", "广东省": "广州市:天河区,番禺区,白云区 深圳市:南山区,龙岗区 东莞市:虎门镇,长安镇 佛山市:顺德区",
    "江苏省": "南京市:鼓楼区,江宁区 苏州市:姑苏区,昆山市 无锡市:梁溪区 徐州市:泉山区", "四川省": "成都市:武侯区,锦江区 绵阳市:涪城区", "湖北省": "武汉市:江岸区,洪山区 宜昌市:西陵区", "福建省": "福州市:鼓楼区 泉州市:丰泽区,晋江市 厦门市:思明区",
    "山东省": "济南市:历下区 青岛市:市南区,即墨区 临沂市:兰山区", "河南省": "郑州市:金水区 洛阳市:涧西区", "湖南省": "长沙市:岳麓区,长沙县 株洲市:天元区", "陕西省": "西安市:雁塔区,碑林区", "辽宁省": "沈阳市:和平区 大连市:中山区", "黑龙江省": "哈尔滨市:道里区,南岗区",
    "云南省": "昆明市:盘龙区 大理市:下关镇", "甘肃省": "兰州市:七里河区,城关区", "贵州省": "贵阳市:南明区 遵义市:红花岗区", "广西壮族自治区": "南宁市:青秀区 桂林市:七星区", "新疆维吾尔自治区": "乌鲁木齐市:天山区 喀什市:西域大道", "西藏自治区": "拉萨市:城关区",
    "海南省": "三亚市:吉阳区 海口市:龙华区", "江西省": "南昌市:东湖区 景德镇市:珠山区", "安徽省": "合肥市:蜀山区 芜湖市:镜湖区", "河北省": "石家庄市:长安区 保定市:莲池区", "山西省": "太原市:小店区", "内蒙古": "呼和浩特市:赛罕区 包头市:昆都仑区",
    "上海": "上海市:静安区,浦东新区,徐汇区,闵行区", "北京": "北京市:海淀区,朝阳区,丰台区,通州区", "天津": "天津市:南开区,和平区", "重庆": "重庆市:渝中区,江北区,沙坪坝区",
}  # fmt: skip


class ChineseAddresses(Words):
    """Deals Chinese addresses beside names, places and shops."""

    def chinese_address(self) -> str:
        if self.deal.random() < 0.04:
            return f"{self.pick(['香港', '香港九龙', '香港新界', '台北市', '澳门', '高雄市'])}{self.given()}{self.given()}{self.pick(['道', '街', '路', '区'])}{self._space(self.number(1, 300))}号{self.given()}{self.given()}{self.pick(['广场', '大厦', '中心', '楼'])}{self._space(self.number(1, 40))}楼{self.pick(['', self._space(self.number(1, 20)) + '室'])}"
        province = self.pick(list(_CN))
        city, _, counties = self.pick(_CN[province].split()).partition(":")
        county = self.pick(counties.split(","))
        if self.deal.random() < 0.35:
            some = [self.given() + self.given() + (self.given() if self.deal.random() < 0.3 else "") for _ in range(3)]
            province = self.pick([province, province, some[0] + "省"])
            city = some[1] + self.pick(["市", "市", "州", "盟", "地区", "族自治州", "苗族自治州", "回族自治州"])
            county = some[2] + self.pick(["区", "区", "县", "市", "旗", "新区", "开发区"])
        head = self.pick(
            [
                f"{province}{city}{county}",
                f"{city}{county}",
                f"{city}{county}",
                f"{city.rstrip('市')}{county}",
                city,
                county,
                f"{province}{city}",
                "",
            ]
        )
        head = (
            head.replace("上海上海", "上海")
            .replace("北京北京", "北京")
            .replace("重庆重庆", "重庆")
            .replace("天津天津", "天津")
        )
        town = self.pick(["", "", "", f"{self.given()}{self.given()}{self.pick(['镇', '街道', '乡', '社区'])}"])
        return (head + town + self._road()).replace("  ", " ").strip()

    def _space(self, number: str) -> str:
        return f" {number} " if self.deal.random() < 0.4 else number

    def _road(self) -> str:
        n = self._space
        road = f"{self.pick(_ROADS) if self.deal.random() < 0.5 else self.given() + self.given()}{self.pick(_TAILS)}"
        door = f"{self.pick(['', '', '', '甲', '乙'])}{n(self.number(1, 999))}{self.pick(['号', '号', '号', '号院', '弄' + n(self.number(1, 60)) + '号'])}"
        estate = self.pick(
            [
                self.pick(_ESTATES),
                self.given() + self.given() + self.pick(["花园", "小区", "苑", "公寓", "家属院", "新村"]),
            ]
        )
        flat = self.pick([
            f"{n(self.number(1, 40))}{self.pick(['栋', '幢', '号楼', '座'])}{n(self.number(1, 6))}单元{n(self.number(101, 2804))}{self.pick(['室', '', '号'])}", f"{n(self.number(1, 40))}{self.pick(['栋', '幢', '号楼'])}{n(self.number(101, 2804))}{self.pick(['室', ''])}",
            f"{n(self.number(101, 3004))}室", f"{self.pick('ABCD')}座{n(self.number(101, 2804))}{self.pick(['', '室'])}", f"{n(self.number(1, 6))}{self.pick(['楼', '层'])}", f"{self.pick('一二三四五六')}楼", f"{n(self.number(1, 4))}单元{n(self.number(101, 904))}", "",
        ])  # fmt: skip
        turn = self.deal.random()
        if turn < 0.45:
            return f"{road}{door}{flat}"
        if turn < 0.65:
            return f"{road}{door}{estate}{flat or n(self.number(1, 30)) + '栋'}"
        if turn < 0.75:
            return f"{estate}{n(self.number(1, 30))}{self.pick(['栋', '号楼', '幢'])}{n(self.number(101, 2804))}"
        if turn < 0.85:
            return f"{road}{door}{self.given()}{self.given()}{self.pick(_TOWERS)}{flat}"
        if turn < 0.93:
            return f"{self.given()}{self.given()}村{self.pick([n(self.number(1, 20)) + '组', self.pick('一二三四五六七八') + '组', n(self.number(1, 200)) + '号', self.given() + '家湾' + n(self.number(1, 60)) + '号'])}{self.pick(['', n(self.number(1, 200)) + '号'])}"
        return f"{road}{door}{self.pick(['丰巢柜', '菜鸟驿站', '邮局', '门卫室', '妈妈驿站', '铺面', '档口'])}"
