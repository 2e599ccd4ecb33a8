import ThrongLoad
